import type { Backend, Diagnosable, Diagnosis } from '../backends/backend.ts'
import { now } from '../backends/clock.ts'
import { describeTraits, TRAIT_NAMES } from '../backends/describe-traits.ts'
import { RdvCommand } from '../cli/base-command.ts'
import { invocation } from '../cli/invocation.ts'
import { formatTable, note, printResult } from '../cli/output.ts'
import { whenAvailable } from '../recipes/retry.ts'
import { keyIn, type Space } from '../recipes/space.ts'

/** So many reads are timed. */
const READS = 11

export default class Doctor extends RdvCommand {
  static override summary =
    'Tells whether the backend can be reached, how fast, and what is known of it.'
  static override examples = [
    '<%= config.bin %> doctor',
    '<%= config.bin %> doctor --backend etcd://localhost:2379',
  ]

  async run(): Promise<void> {
    await this.begin(Doctor)
    await this.within(this.limits(), async (space, { signal }) => {
      const { backend } = space
      const milliseconds = await whenAvailable({ signal }, () => timeReads(space, signal))
      const { version, warnings } = await diagnose(backend, signal)
      const { traits, address } = backend
      if (invocation.style.json) {
        return printResult(undefined, {
          ok: true,
          address,
          version,
          milliseconds,
          traits,
          warnings,
        })
      }
      await printFacts([
        ['address', address],
        ['version', version],
        ['a read takes', `${milliseconds.toFixed(2)} ms`],
        ...describeTraits(traits).map((value, i) => [TRAIT_NAMES[i] ?? '', value] as const),
      ])
      for (const warning of warnings) note(`warning: ${warning}`)
    })
  }
}

const printFacts = async (facts: readonly (readonly [string, string])[]): Promise<void> => {
  for (const line of formatTable(['WHAT', ''], facts)) await printResult(line, {})
}

/** The median of some reads, in milliseconds. */
const timeReads = async (space: Space, signal: AbortSignal): Promise<number> => {
  const times: number[] = []
  for (let i = 0; i < READS; i++) {
    const started = now()
    await space.backend.get(keyIn(space, 'signal', 'doctor'), { signal })
    times.push(now() - started)
  }
  return times.sort((a, b) => a - b)[(READS - 1) / 2] ?? 0
}

const diagnose = async (backend: Backend, signal: AbortSignal): Promise<Diagnosis> =>
  'diagnose' in backend
    ? (backend as Backend & Diagnosable).diagnose({ signal })
    : { version: backend.traits.name, warnings: [] }
