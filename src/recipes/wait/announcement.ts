import { hostname } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Entry, Lease, WaitEnd, Waiter } from '../../backends/backend.ts'
import { hasWaiterRegistry, putHeld } from '../../backends/operations.ts'
import { isAlive, type ProcessIdentity, thisProcess } from '../../backends/process-identity.ts'
import { backoff } from '../../base/backoff.ts'
import { IndeterminateError, LeaseGoneError, UnavailableError } from '../../base/errors.ts'
import { printable } from '../../base/redact.ts'
import { isProbeUrl } from '../../probes/open.ts'
import { keyIn, type Namespace } from '../core/namespace.ts'
import type { LazyNamespace } from './stored-condition.ts'

/** A wait that is over sooner (milliseconds) is not announced. */
const ANNOUNCE_AFTER = 100

/** Milliseconds that a wait which was released gives its announcement to be taken back. */
const WITHDRAW_LIMIT = 5

/** Milliseconds that one which ended otherwise takes to tell how. */
const REPORT_LIMIT = 1_000

/** Characters of the reason that is told. */
const MAX_REASON_LENGTH = 1_000

/** So long (milliseconds) the announcement of a waiter that was killed may stay. */
const TTL = 15_000

/** Where its process can be looked at it may stay long, so that who waits hardly ever writes: every write wakes all. */
const LONG_TTL = 600_000

/** Of the targets of one wait so many are told, and of the states that end it. */
const MAX_TARGETS = 16

/** What the key of a waiter holds. */
interface WaiterRecord extends Waiter {
  /** Where the death of a process on this machine is seen. */
  readonly owner?: ProcessIdentity | undefined
  /** How the wait ends: written shortly before the key goes. */
  readonly end?: WaitEnd
}

/** What ends a wait, so that others can tell what is missing, and how it has ended. */
export type WaitGoal = Omit<Waiter, 'targets' | 'host' | 'pid' | 'since' | 'timeout' | 'id'>

/** Tells others how a wait ends. */
type ReportEnd = (end: WaitEnd, signal: AbortSignal) => Promise<void>

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
 * Announces waits in a namespace: always where who waits is known, elsewhere only if it is asked for, since it costs a
 * write. Happens beside the wait, which it neither delays nor fails.
 */
export const announcing =
  (
    open: LazyNamespace,
    { announce: asked = false, ending = false }: AnnounceOptions,
    ended: WaitGoal = {},
  ): Announcer =>
  (targets, timing) => {
    const waiter = { ...newWaiter(targets, timing), ...truncated(ended) }
    const over = new AbortController()
    let remains = true
    let tell: ReportEnd | undefined
    const run = async () => {
      await sleep(ANNOUNCE_AFTER, undefined, { signal: over.signal, ref: false })
      const namespace = await open(over.signal)
      remains = !ending || (asked && !namespace.backend.traits.seesDeath)
      await announce(namespace, waiter, asked, over.signal, (how) => {
        tell = how
      })
    }
    const done = run().catch(() => {})
    return async (end) => {
      if (tell && end && mustReport(end, targets)) await within(reportLimit(end), report(tell, end))
      else if (!remains) return
      over.abort(new Error('the wait is over'))
      await within(WITHDRAW_LIMIT, done)
    }
  }

/** A store that keeps the targets shows that they hold, but not what a probe has found. */
const mustReport = ({ outcome }: WaitEnd, targets: readonly string[]): boolean =>
  outcome !== 'released' || targets.some(isProbeUrl)

const reportLimit = ({ outcome }: WaitEnd): number =>
  outcome === 'released' ? WITHDRAW_LIMIT : REPORT_LIMIT

const report = async (tell: ReportEnd, { outcome, reason }: WaitEnd): Promise<void> => {
  const end = { outcome, ...(reason && { reason: printable(reason).slice(0, MAX_REASON_LENGTH) }) }
  await tell(end, AbortSignal.timeout(REPORT_LIMIT)).catch(() => {})
}

/** Waits for the promise no longer than so many milliseconds. */
const within = async (limit: number, promise: Promise<void>): Promise<void> => {
  const late = new AbortController()
  await Promise.race([promise, sleep(limit, undefined, { signal: late.signal }).catch(() => {})])
  late.abort()
}

const newWaiter = (targets: readonly string[], { begun, timeout = 0 }: Timing): Waiter => ({
  targets: targets.slice(0, MAX_TARGETS).map(printable),
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

const truncated = ({ states, failStates, not, ...others }: WaitGoal): WaitGoal => ({
  ...others,
  ...(states && { states: states.slice(0, MAX_TARGETS) }),
  ...(failStates && { failStates: failStates.slice(0, MAX_TARGETS) }),
  ...(not && { not: not.slice(0, MAX_TARGETS) }),
})

const announce = async (
  namespace: Namespace,
  waiter: WaiterRecord,
  asked: boolean,
  signal: AbortSignal,
  tells: (tell: ReportEnd) => void,
): Promise<void> => {
  const { backend, name, by } = namespace
  // the server that waits for a client knows that
  if (by !== undefined) return
  if (asked) return keepRecord(namespace, waiter, signal, tells)
  if (hasWaiterRegistry(backend)) {
    tells((end, limit) => backend.conclude(name, waiter.id ?? '', end, { signal: limit }))
    // It ends with the signal, or the process: nobody need wait for that.
    return void backend.announce(name, waiter, signal)
  }
  if (backend.traits.waiters === 'known') return keepRecord(namespace, waiter, signal, tells)
}

/** A key in the store, which goes with its lease: left anew where an outage was longer than that. */
const keepRecord = async (
  namespace: Namespace,
  waiter: WaiterRecord,
  signal: AbortSignal,
  tells: (tell: ReportEnd) => void,
): Promise<void> => {
  for (const pause of backoff()) {
    try {
      await keepRecordOnce(namespace, waiter, signal, tells)
    } catch (error) {
      if (signal.aborted || !isTransient(error)) throw error
    }
    await pause(signal)
    signal.throwIfAborted()
  }
}

const isTransient = (error: unknown): boolean =>
  error instanceof UnavailableError
    ? error.retryable
    : error instanceof LeaseGoneError || error instanceof IndeterminateError

const keepRecordOnce = async (
  namespace: Namespace,
  waiter: WaiterRecord,
  signal: AbortSignal,
  tells: (tell: ReportEnd) => void,
): Promise<void> => {
  const { backend } = namespace
  const owner = backend.traits.seesDeath ? thisProcess() : undefined
  const lease = await backend.grant(owner ? LONG_TTL : TTL, { signal })
  const key = keyIn(namespace, 'waiter', lease.id)
  const write = async (note: WaiterRecord, limit: AbortSignal): Promise<void> => {
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
  backend: Namespace['backend'],
  { id, ttl }: Lease,
  signal: AbortSignal,
): Promise<void> => {
  const { leaseTimes } = await import('../core/lease-time.ts')
  const { sendRenewals } = await import('../core/renewals.ts')
  const renew = (limit: AbortSignal) => backend.renew(id, { signal: limit })
  await sendRenewals(leaseTimes(ttl, backend.traits), signal, renew, { ref: false })
}

/**
 * The waiter that the entry of a key tells of, and how its wait ends where it tells that too; `undefined` if its process
 * is seen to have died, or if somebody else wrote it.
 */
export const parseWaiterRecord = ({
  value,
}: Entry): { waiter: Waiter; end?: WaitEnd } | undefined => {
  try {
    const { owner, end, ...waiter } = JSON.parse(Buffer.from(value).toString()) as WaiterRecord
    if (!Array.isArray(waiter.targets) || (owner && !isAlive(owner) && !end)) return undefined
    return { waiter, ...(end && { end }) }
  } catch {
    return undefined
  }
}

/** The waiter that the entry of a key tells of, while it waits. */
export const currentWaiter = (entry: Entry): Waiter | undefined => {
  const { waiter, end } = parseWaiterRecord(entry) ?? {}
  return end ? undefined : waiter
}

/** What somebody waits for, each in words. */
export const targetsOf = ({ kind, targets }: Waiter): string[] =>
  targets.map((target) => (kind ? `${kind} ${target}` : target))
