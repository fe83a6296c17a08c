import type { Entry } from '../../backends/backend.ts'
import { compareKeys } from '../../backends/watch/scope.ts'
import { ConflictError } from '../../base/errors.ts'

/** The value of a barrier's own key. */
export interface BarrierState {
  /** How often the barrier has released parties. The parties that wait now belong to this generation. */
  readonly generation: number
  /**
   * Arrival indices by session, of the last release. Also those of earlier releases whose parties may not have read
   * them yet.
   */
  readonly released: Readonly<Record<string, number>>
}

export const FRESH: BarrierState = { generation: 0, released: {} }

/** @throws ConflictError the value at the barrier's key is not a barrier. */
export const parseState = ({ key, value }: Entry): BarrierState => {
  try {
    const state = JSON.parse(Buffer.from(value).toString()) as BarrierState
    if (Number.isSafeInteger(state.generation) && typeof state.released === 'object') return state
  } catch {
    // The error below is thrown.
  }
  throw new ConflictError(`${key} is not a barrier: clear it, or choose another name`)
}

/** A party that waits, or that was released and has not left yet. */
export interface Arrival {
  readonly key: string
  readonly session: string
  readonly generation: number
  readonly parties: number
  readonly since: number
}

export const arrivalKey = (key: string, generation: number, lease: string): string =>
  `${key}/${generation}/${lease}`

/**
 * The arrivals below a barrier's key, earliest first. A key is an arrival only if it is bound to the session in its
 * name.
 */
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

/** The state after a group was released. A party that has left has read its index, so its index is dropped. */
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
