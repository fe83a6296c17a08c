import { hostname } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Backend, Entry, Waiter } from '../backends/backend.ts'
import { isObservant, putHeld } from '../backends/operations.ts'
import { isAlive, type ProcessIdentity, thisProcess } from '../backends/process-identity.ts'
import { printable } from '../redact.ts'
import { keyIn, type Space } from './space.ts'
import type { LazySpace } from './wait/stored-condition.ts'

/** A wait that is over sooner (milliseconds) is not announced. */
const AFTER = 100

/** Milliseconds that a wait which is over gives its announcement to be taken back. */
const FAREWELL = 5

/** So long (milliseconds) the announcement of a waiter that was killed may stay. */
const TTL = 15_000

/** Where its process can be looked at it may stay long, so that who waits hardly ever writes: every write wakes all. */
const LONG_TTL = 600_000

/** Of the targets of one wait so many are told, and of the states that end it. */
const TARGETS = 16

/** What the key of a waiter holds. */
interface Announced extends Waiter {
  /** Where the death of a process on this machine is seen. */
  readonly owner?: ProcessIdentity | undefined
}

/** What ends a wait, so that others can tell how it has ended. */
export type Ended = Pick<Waiter, 'kind' | 'states' | 'failStates'>

export interface AnnounceOptions {
  /** Lets others see who waits also on stores where that costs a write. */
  readonly announce?: boolean | undefined
  /** The process ends with its wait: where that is seen, its announcement goes by itself. */
  readonly ending?: boolean | undefined
}

/** Makes a wait known to others: from when it is called until what it returns is called, which never rejects. */
export type Announcer = (targets: readonly string[], timeout?: number) => () => Promise<void>

/**
 * Announces waits in a space: always where who waits is known, elsewhere only if it is asked for, since it costs a
 * write. Happens beside the wait, which it neither delays nor fails.
 */
export const announcing =
  (
    open: LazySpace,
    { announce: asked = false, ending = false }: AnnounceOptions,
    ended: Ended = {},
  ): Announcer =>
  (targets, timeout) => {
    const waiter = { ...newWaiter(targets, timeout), ...bounded(ended) }
    const over = new AbortController()
    let remains = true
    const run = async () => {
      await sleep(AFTER, undefined, { signal: over.signal, ref: false })
      const space = await open(over.signal)
      remains = !ending || (asked && !space.backend.traits.seesDeath)
      await announce(space, waiter, asked, over.signal)
    }
    const done = run().catch(() => {})
    return async () => {
      if (!remains) return
      over.abort(new Error('the wait is over'))
      const late = new AbortController()
      await Promise.race([done, sleep(FAREWELL, undefined, { signal: late.signal })])
      late.abort()
    }
  }

const newWaiter = (targets: readonly string[], timeout = 0): Waiter => ({
  targets: targets.slice(0, TARGETS).map(printable),
  host: hostname(),
  pid: process.pid,
  since: new Date().toISOString(),
  ...(timeout > 0 && { timeout }),
})

const bounded = ({ kind, states, failStates }: Ended): Ended => ({
  ...(kind && { kind }),
  ...(states && { states: states.slice(0, TARGETS) }),
  ...(failStates && { failStates: failStates.slice(0, TARGETS) }),
})

const announce = async (
  space: Space,
  waiter: Waiter,
  asked: boolean,
  signal: AbortSignal,
): Promise<void> => {
  const { backend, namespace } = space
  if (asked) return leaveNote(space, waiter, signal)
  // It ends with the signal, or the process: nobody need wait for that.
  if (isObservant(backend)) return void backend.announce(namespace, waiter, signal)
  if (backend.traits.waiters === 'known') return leaveNote(space, waiter, signal)
}

/** A key in the store, which goes with its lease. */
const leaveNote = async (space: Space, waiter: Waiter, signal: AbortSignal): Promise<void> => {
  const { backend } = space
  const owner = backend.traits.seesDeath ? thisProcess() : undefined
  const lease = await backend.grant(owner ? LONG_TTL : TTL, { signal })
  try {
    const note: Announced = { ...waiter, owner }
    const key = keyIn(space, 'waiter', lease.id)
    await backend.commit([], [putHeld(key, JSON.stringify(note), lease.id)], { signal })
    await keepAlive(backend, lease, signal)
  } finally {
    await backend.revoke(lease.id)
  }
}

const keepAlive = async (
  backend: Backend,
  { id, ttl }: { id: string; ttl: number },
  signal: AbortSignal,
): Promise<never> => {
  for (;;) {
    await sleep(ttl / 3, undefined, { signal, ref: false })
    await backend.renew(id, { signal }).catch(() => {})
  }
}

/**
 * The waiter that the entry of a key tells of; `undefined` if its process is seen to have died, or if somebody else wrote
 * it.
 */
export const waiterIn = ({ value }: Entry): Waiter | undefined => {
  try {
    const { owner, ...waiter } = JSON.parse(Buffer.from(value).toString()) as Announced
    return Array.isArray(waiter.targets) && !(owner && !isAlive(owner)) ? waiter : undefined
  } catch {
    return undefined
  }
}

/** What somebody waits for, each in words. */
export const targetsOf = ({ kind, targets }: Waiter): string[] =>
  targets.map((target) => (kind ? `${kind} ${target}` : target))
