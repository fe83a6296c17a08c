import type { StatusRow } from '../../../recipes/status/row.ts'

/** Milliseconds over which messages are counted. */
const OVER = 10_000

interface Sample {
  readonly at: number
  /** The number of the newest message. */
  readonly last: number
}

/** Messages per second of each topic, computed from the changes of the message numbers. */
export class TopicRates {
  readonly #samples = new Map<string, Sample[]>()

  /** Notes a status that was current at the time `at`. */
  note(status: readonly StatusRow[], at: number): void {
    for (const { kind, name, state } of status) {
      if (kind !== 'topic') continue
      const last = Number(/^messages \d+ to (\d+)$/.exec(state)?.[1] ?? 0)
      const samples = [...(this.#samples.get(name) ?? []), { at, last }]
      // The last sample from before the period gives the number at the beginning of the period.
      const first = samples.findLastIndex((sample) => sample.at <= at - OVER)
      this.#samples.set(name, samples.slice(Math.max(0, first)))
    }
  }

  /** Returns `undefined` until the topic has been observed for one second. */
  of(name: string, now: number): number | undefined {
    const samples = this.#samples.get(name) ?? []
    const first = samples.findLast(({ at }) => at <= now - OVER) ?? samples[0]
    const last = samples.at(-1)
    if (!first || !last || now - first.at < 1_000) return undefined
    return Math.max(0, last.last - first.last) / (Math.min(now - first.at, OVER) / 1_000)
  }
}
