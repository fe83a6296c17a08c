import type { StatusRow } from '../../../recipes/status/row.ts'

/** Milliseconds over which messages are counted. */
const OVER = 10_000

interface Sample {
  readonly at: number
  /** The number of the newest message. */
  readonly last: number
}

/** Messages a second of each topic, from the changes of their numbers. */
export class TopicRates {
  readonly #samples = new Map<string, Sample[]>()

  /** `at` is when the status was so. */
  note(status: readonly StatusRow[], at: number): void {
    for (const { kind, name, state } of status) {
      if (kind !== 'topic') continue
      const last = Number(/^messages \d+ to (\d+)$/.exec(state)?.[1] ?? 0)
      const samples = [...(this.#samples.get(name) ?? []), { at, last }]
      // the last one from before tells how things stood when the time began
      const first = samples.findLastIndex((sample) => sample.at <= at - OVER)
      this.#samples.set(name, samples.slice(Math.max(0, first)))
    }
  }

  /** `undefined` until it was looked at for long enough. */
  of(name: string, now: number): number | undefined {
    const samples = this.#samples.get(name) ?? []
    const first = samples.findLast(({ at }) => at <= now - OVER) ?? samples[0]
    const last = samples.at(-1)
    if (!first || !last || now - first.at < 1_000) return undefined
    return Math.max(0, last.last - first.last) / (Math.min(now - first.at, OVER) / 1_000)
  }
}
