import { hostname } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Entry, Lease, WaitEnd, Waiter } from '../backends/backend.ts'
import { isObservant, putHeld } from '../backends/operations.ts'
import { isAlive, type ProcessIdentity, thisProcess } from '../backends/process-identity.ts'
import { backoff } from '../backoff.ts'
import { IndeterminateError, LeaseGoneError, UnavailableError } from '../errors.ts'
import { isProbeUrl } from '../probes/open.ts'
import { printable } from '../redact.ts'
import { keyIn, type Space } from './space.ts'
import type { LazySpace } from './wait/stored-condition.ts'

/** A wait that is over sooner (milliseconds) is not announced. */
const AFTER = 100

/** Milliseconds that a wait which was released gives its announcement to be taken back. */
const FAREWELL = 5

/** Milliseconds that one which ended otherwise takes to tell how. */
const LAST_WORD = 1_000

/** Characters of the reason that is told. */
const LONGEST_REASON = 1_000

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
  /** How the wait ends: written shortly before the key goes. */
  readonly end?: WaitEnd
}

/** What ends a wait, so that others can tell what is missing, and how it has ended. */
export type Ended = Omit<Waiter, 'targets' | 'host' | 'pid' | 'since' | 'timeout' | 'id'>

/** Tells others how a wait ends. */
type Tell = (end: WaitEnd, signal: AbortSignal) => Promise<void>

export interface AnnounceOptions {
  /** Lets others see who waits also on stores where that costs a write. */
  readonly announce?: boolean | undefined
  /** The process ends with its wait: where that is seen, its announcement goes by itself. */
  readonly ending?: boolean | undefined
}

/** Milliseconds: when the wait began, since 1970, and how long it may take. */
interface Timing {
  readonly begun: number
  readonly timeout?: number | undefined
}

/**
 * Makes a wait known to others: from when it is called until what it returns is called with how the wait ends, which
 * never rejects. `undefined`: nobody can be told.
 */
export type Announcer = (
  targets: readonly string[],
  timing: Timing,
) => (end: WaitEnd | undefined) => Promise<void>

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
  (targets, timing) => {
    const waiter = { ...newWaiter(targets, timing), ...bounded(ended) }
    const over = new AbortController()
    let remains = true
    let tell: Tell | undefined
    const run = async () => {
      await sleep(AFTER, undefined, { signal: over.signal, ref: false })
      const space = await open(over.signal)
      remains = !ending || (asked && !space.backend.traits.seesDeath)
      await announce(space, waiter, asked, over.signal, (how) => {
        tell = how
      })
    }
    const done = run().catch(() => {})
    return async (end) => {
      if (tell && end && mustTell(end, targets)) await within(lastWord(end), told(tell, end))
      else if (!remains) return
      over.abort(new Error('the wait is over'))
      await within(FAREWELL, done)
    }
  }

/** A store that keeps the targets shows that they hold, but not what a probe has found. */
const mustTell = ({ outcome }: WaitEnd, targets: readonly string[]): boolean =>
  outcome !== 'released' || targets.some(isProbeUrl)

const lastWord = ({ outcome }: WaitEnd): number => (outcome === 'released' ? FAREWELL : LAST_WORD)

const told = async (tell: Tell, { outcome, reason }: WaitEnd): Promise<void> => {
  const end = { outcome, ...(reason && { reason: printable(reason).slice(0, LONGEST_REASON) }) }
  await tell(end, AbortSignal.timeout(LAST_WORD)).catch(() => {})
}

/** Waits for the promise no longer than so many milliseconds. */
const within = async (limit: number, promise: Promise<void>): Promise<void> => {
  const late = new AbortController()
  await Promise.race([promise, sleep(limit, undefined, { signal: late.signal }).catch(() => {})])
  late.abort()
}

const newWaiter = (targets: readonly string[], { begun, timeout = 0 }: Timing): Waiter => ({
  targets: targets.slice(0, TARGETS).map(printable),
  host: hostname(),
  pid: process.pid,
  since: new Date(begun).toISOString(),
  ...(timeout > 0 && { timeout }),
  id: newId(),
})

const newId = (): string =>
  [process.pid, Date.now(), Math.floor(Math.random() * 2 ** 52)]
    .map((part) => part.toString(36))
    .join('-')

const bounded = ({ states, failStates, not, ...others }: Ended): Ended => ({
  ...others,
  ...(states && { states: states.slice(0, TARGETS) }),
  ...(failStates && { failStates: failStates.slice(0, TARGETS) }),
  ...(not && { not: not.slice(0, TARGETS) }),
})

const announce = async (
  space: Space,
  waiter: Announced,
  asked: boolean,
  signal: AbortSignal,
  tells: (tell: Tell) => void,
): Promise<void> => {
  const { backend, namespace, by } = space
  // the server that waits for a client knows that
  if (by !== undefined) return
  if (asked) return leaveNote(space, waiter, signal, tells)
  if (isObservant(backend)) {
    tells((end, limit) => backend.conclude(namespace, waiter.id ?? '', end, { signal: limit }))
    // It ends with the signal, or the process: nobody need wait for that.
    return void backend.announce(namespace, waiter, signal)
  }
  if (backend.traits.waiters === 'known') return leaveNote(space, waiter, signal, tells)
}

/** A key in the store, which goes with its lease: left anew where an outage was longer than that. */
const leaveNote = async (
  space: Space,
  waiter: Announced,
  signal: AbortSignal,
  tells: (tell: Tell) => void,
): Promise<void> => {
  for (const pause of backoff()) {
    try {
      await leaveOnce(space, waiter, signal, tells)
    } catch (error) {
      if (signal.aborted || !mayPass(error)) throw error
    }
    await pause(signal)
    signal.throwIfAborted()
  }
}

const mayPass = (error: unknown): boolean =>
  error instanceof UnavailableError
    ? error.retryable
    : error instanceof LeaseGoneError || error instanceof IndeterminateError

const leaveOnce = async (
  space: Space,
  waiter: Announced,
  signal: AbortSignal,
  tells: (tell: Tell) => void,
): Promise<void> => {
  const { backend } = space
  const owner = backend.traits.seesDeath ? thisProcess() : undefined
  const lease = await backend.grant(owner ? LONG_TTL : TTL, { signal })
  const key = keyIn(space, 'waiter', lease.id)
  const write = async (note: Announced, limit: AbortSignal): Promise<void> => {
    await backend.commit([], [putHeld(key, JSON.stringify(note), lease.id)], { signal: limit })
  }
  try {
    await write({ ...waiter, owner }, signal)
    tells((end, limit) => write({ ...waiter, owner, end }, limit))
    await keepAlive(backend, lease, signal)
  } finally {
    await backend.revoke(lease.id)
  }
}

/** Until the signal aborts, or the lease is gone. */
const keepAlive = async (
  backend: Space['backend'],
  { id, ttl }: Lease,
  signal: AbortSignal,
): Promise<void> => {
  const { leaseTimes } = await import('./lease-time.ts')
  const { sendRenewals } = await import('./renewals.ts')
  const renew = (limit: AbortSignal) => backend.renew(id, { signal: limit })
  await sendRenewals(leaseTimes(ttl, backend.traits), signal, renew, { ref: false })
}

/**
 * The waiter that the entry of a key tells of, and how its wait ends where it tells that too; `undefined` if its process
 * is seen to have died, or if somebody else wrote it.
 */
export const noteIn = ({ value }: Entry): { waiter: Waiter; end?: WaitEnd } | undefined => {
  try {
    const { owner, end, ...waiter } = JSON.parse(Buffer.from(value).toString()) as Announced
    if (!Array.isArray(waiter.targets) || (owner && !isAlive(owner) && !end)) return undefined
    return { waiter, ...(end && { end }) }
  } catch {
    return undefined
  }
}

/** The waiter that the entry of a key tells of, while it waits. */
export const waiterIn = (entry: Entry): Waiter | undefined => {
  const { waiter, end } = noteIn(entry) ?? {}
  return end ? undefined : waiter
}

/** What somebody waits for, each in words. */
export const targetsOf = ({ kind, targets }: Waiter): string[] =>
  targets.map((target) => (kind ? `${kind} ${target}` : target))
