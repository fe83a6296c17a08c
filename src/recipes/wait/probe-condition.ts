import { checkOnce, observe } from '../../probes/poll.ts'
import type { Probe, ProbeResult } from '../../probes/probe.ts'
import type { Condition, Observation } from './condition.ts'

/** The condition that a probe reports `up`. */
export const probeCondition = (probe: Probe): Condition => ({
  target: probe.name,
  stored: false,
  check: async (signal) => toObservation(await checkOnce(probe, signal)),
  async *observe(signal) {
    for await (const finding of observe(probe, signal)) yield toObservation(finding)
  },
})

const toObservation = (finding: ProbeResult): Observation => ({
  holds: finding.up,
  none: !finding.up && !finding.unknown,
  reason: finding.up ? 'is up' : finding.reason,
})
