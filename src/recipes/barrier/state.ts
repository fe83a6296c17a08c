import type { Entry } from '../../backends/backend.ts'
import { compareKeys } from '../../backends/watch/scope.ts'
import { ConflictError } from '../../base/errors.ts'

/** What is written at a barrier's own key. */
export interface BarrierState {
  /** How many times it has let its parties go: those who wait now belong to this generation. */
  readonly generation: number
  /** Arrival indices by session: of the last release, and of earlier ones whose parties may not know yet. */
  readonly released: Readonly<Record<string, number>>
}

export const FRESH: BarrierState = { generation: 0, released: {} }

/** @throws ConflictError something else is at the barrier's key. */
export const parseState = ({ key, value }: Entry): BarrierState => {
  try {
    const state = JSON.parse(Buffer.from(value).toString()) as BarrierState
    if (Number.isSafeInteger(state.generation) && typeof state.released === 'object') return state
  } catch {
    // Refused below.
  }
  throw new ConflictError(`${key} is not a barrier: clear it`)
}

/** A party that waits, or was released and has not left yet. */
export interface Arrival {
  readonly key: string
  readonly session: string
  readonly generation: number
  readonly parties: number
  readonly since: number
}

export const arrivalKey = (key: string, generation: number, lease: string): string =>
  `${key}/${generation}/${lease}`

/** Those below a barrier's key, earliest first. What is held by another session, or by none, is something else. */
export const arrivalsOf = (key: string, entries: readonly Entry[]): Arrival[] =>
  entries
    .flatMap((entry) => toArrival(key, entry) ?? [])
    .sort((a, b) => a.since - b.since || compareKeys(a.key, b.key))

const toArrival = (barrier: string, { key, value, lease, createRevision }: Entry) => {
  const [generation = '', id, ...more] = key.slice(barrier.length + 1).split('/')
  if (more.length > 0 || lease === undefined || id !== lease) return undefined
  const parties = Number(Buffer.from(value).toString())
  return { key, session: lease, generation: Number(generation), parties, since: createRevision }
}

/** The state once these have been released together. Who has left, knows. */
export const advanced = (
  state: BarrierState,
  group: readonly Arrival[],
  present: readonly Arrival[],
): BarrierState => {
  const there = new Set(present.map(({ session: lease }) => lease))
  const waiting = Object.entries(state.released).filter(([lease]) => there.has(lease))
  const indices = group.map(({ session: lease }, index) => [lease, index] as const)
  return {
    generation: state.generation + 1,
    released: Object.fromEntries([...waiting, ...indices]),
  }
}
