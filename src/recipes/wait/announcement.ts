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

/** Milliseconds. A shorter wait is not announced. */
const ANNOUNCE_AFTER = 100

/**
 * Milliseconds that a wait spends at its end to withdraw its announcement. A released wait also reports its end in this
 * time.
 */
const WITHDRAW_LIMIT = 5

/** Milliseconds that a wait which was not released may take to report how it ended. */
const REPORT_LIMIT = 1_000

/** The maximum length of the reported reason, in characters. */
const MAX_REASON_LENGTH = 1_000

/** Milliseconds. The announcement of a waiter that was killed may stay this long. */
const TTL = 15_000

/**
 * Milliseconds. The TTL on stores that show whether the waiter's process lives. It is long, so that waiters rarely
 * renew: each renewal locks the store's file against other writers.
 */
const LONG_TTL = 600_000

/** The maximum number of targets, and of states, that an announcement contains. */
const MAX_TARGETS = 16

/** The value of a waiter's key. */
interface WaiterRecord extends Waiter {
  /** The waiter's process, if the store sees processes die. */
  readonly owner?: ProcessIdentity | undefined
  /** How the wait ended. It is written shortly before the key is removed. */
  readonly end?: WaitEnd
}

/** The conditions that end a wait. They show others what is missing, and how the wait has ended. */
export type WaitGoal = Omit<Waiter, 'targets' | 'host' | 'pid' | 'since' | 'timeout' | 'id'>

type ReportEnd = (end: WaitEnd, signal: AbortSignal) => Promise<void>

export interface AnnounceOptions {
  /** Announces the wait even on stores where this costs a write. */
  readonly announce?: boolean | undefined
  /** The process ends with its wait. Then a store that sees processes die removes the announcement by itself. */
  readonly ending?: boolean | undefined
}

/** Milliseconds: when the wait began (since 1970), and its time limit. */
interface Timing {
  readonly begun: number
  readonly timeout?: number | undefined
}

/**
 * Announces a wait. The announcement lasts until the returned function is called, with the end of the wait, or with
 * `undefined` if the end cannot be reported. The returned function never rejects.
 */
export type Announcer = (
  targets: readonly string[],
  timing: Timing,
) => (end: WaitEnd | undefined) => Promise<void>

/**
 * Announces waits in a namespace. Stores that always know their waiters get every announcement. Other stores get it
 * only if the caller asks for it, because it costs a write. It runs in parallel with the wait: it never fails the wait,
 * and delays only its end, by the limits above.
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

/**
 * The store shows that its own targets are met. It does not show the result of a probe, so such a release is reported.
 */
const mustReport = ({ outcome }: WaitEnd, targets: readonly string[]): boolean =>
  outcome !== 'released' || targets.some(isProbeUrl)

const reportLimit = ({ outcome }: WaitEnd): number =>
  outcome === 'released' ? WITHDRAW_LIMIT : REPORT_LIMIT

const report = async (tell: ReportEnd, { outcome, reason }: WaitEnd): Promise<void> => {
  const end = { outcome, ...(reason && { reason: printable(reason).slice(0, MAX_REASON_LENGTH) }) }
  await tell(end, AbortSignal.timeout(REPORT_LIMIT)).catch(() => {})
}

/** Waits for the promise, but not longer than `limit` milliseconds. */
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
  // The server that waits for a client knows about the wait already.
  if (by !== undefined) return
  if (asked) return keepRecord(namespace, waiter, signal, tells)
  if (hasWaiterRegistry(backend)) {
    tells((end, limit) => backend.conclude(name, waiter.id ?? '', end, { signal: limit }))
    // The announcement ends with the signal or the process, so it is not awaited.
    return void backend.announce(name, waiter, signal)
  }
  if (backend.traits.waiters === 'known') return keepRecord(namespace, waiter, signal, tells)
}

/** Keeps a key in the store that is bound to a lease. If an outage was longer than the lease, writes the key again. */
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

/** Renews the lease until the signal aborts or the lease is gone. */
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
 * The waiter in the value of an entry, and how its wait has ended, if the entry says so. `undefined` if the waiter's
 * process has died without a report, or if another program wrote the entry.
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

/** The waiter in the value of an entry, if it still waits. */
export const currentWaiter = (entry: Entry): Waiter | undefined => {
  const { waiter, end } = parseWaiterRecord(entry) ?? {}
  return end ? undefined : waiter
}

/** The targets of a waiter, in words. */
export const targetsOf = ({ kind, targets }: Waiter): string[] =>
  targets.map((target) => (kind ? `${kind} ${target}` : target))
