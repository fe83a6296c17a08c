import type { Backend, Claimable, ClaimResult } from '../../backends/backend.ts'
import { ConflictError, IndeterminateError, NoError } from '../../base/errors.ts'
import { eitherSignal } from '../../base/waiting-mark.ts'
import { retry, retryUntilAvailable } from './retry.ts'
import type { Session } from './session.ts'
import { until } from './until.ts'

/** A slot that is to be claimed for the entry at the head of a lock's queue. */
export interface Wanted {
  readonly backend: Backend & Claimable
  /** The lock's prefix without the trailing slash. */
  readonly path: string
  readonly name: string
  readonly slots: number
  readonly lease: Session
}

type Claimed = Extract<ClaimResult, { outcome: 'ok' }>

/** Claims a slot. Waits while programs that do not use this queue hold the lock. */
export const claim = async (wanted: Wanted, signal: AbortSignal): Promise<Claimed> => {
  let claimed: Claimed | undefined
  const either = eitherSignal(signal, wanted.lease.lost)
  const succeeds = async () => {
    claimed = await claimAgain(wanted, either)
    return claimed !== undefined
  }
  await until(wanted.backend, `${wanted.path}/`, succeeds, either)
  if (!claimed) throw new Error('unreachable')
  return claimed
}

/** @throws NoError another session holds the lock, or held it until a moment ago. */
export const claimNow = async (wanted: Wanted, signal: AbortSignal): Promise<Claimed> => {
  const result = await claimUntil(wanted, signal, () => true)
  if (result.outcome === 'ok') return result
  throw new NoError(`${wanted.name} is held by another program's session`)
}

/** `undefined` while other sessions hold the lock. While the store delays the claim, the claim is tried again. */
const claimAgain = async (wanted: Wanted, signal: AbortSignal): Promise<Claimed | undefined> => {
  const settles = ({ outcome }: ClaimResult) => outcome === 'ok' || outcome === 'held'
  const result = await claimUntil(wanted, signal, settles)
  return result.outcome === 'ok' ? result : undefined
}

/** Claims until an answer settles it. If a claim is not answered, the next one finds out whether it was applied. */
const claimUntil = async (
  wanted: Wanted,
  signal: AbortSignal,
  settles: (result: ClaimResult) => boolean,
): Promise<ClaimResult> => {
  const { backend, path, slots, lease } = wanted
  const call = () => backend.claim(path, slots, lease.id, { signal })
  return retry({ signal }, async () => {
    const result = await retryUntilAvailable({ signal }, call).catch(unanswered)
    if (result?.outcome === 'conflict') throw conflict(wanted)
    return result && settles(result) ? result : undefined
  })
}

const unanswered = (error: unknown): undefined => {
  if (!(error instanceof IndeterminateError)) throw error
}

const conflict = ({ name, slots }: Wanted): ConflictError =>
  new ConflictError(
    `the lock ${name} does not have ${slots} slots, or its key has other data: write the same number in all processes, or choose another name`,
  )

/** Declares the session lost when another client removes its claim. Ends when the signal aborts. */
export const watchClaim = async (
  wanted: Wanted,
  { key }: Claimed,
  signal: AbortSignal,
): Promise<void> => {
  const { backend, path, slots, lease } = wanted
  const gone = async () =>
    !(await retryUntilAvailable({ signal }, () =>
      backend.claimed(path, slots, lease.id, { signal }),
    ))
  try {
    await until(backend, key, gone, AbortSignal.any([signal, lease.lost]))
    lease.lose('lock lost: its key was deleted by another client')
  } catch {
    // The watch was ended. If the store refuses the watch, renewals fail, too.
  }
}

/**
 * Gives back a claim that may or may not have been made. With a signal, it tries until the signal aborts; without one,
 * once. Never rejects.
 */
export const giveBack = async (wanted: Wanted, signal?: AbortSignal): Promise<void> => {
  const { backend, path, slots, lease } = wanted
  const release = () => backend.release(path, slots, lease.id, { signal })
  await (signal ? retryUntilAvailable({ signal }, release) : release()).catch(() => {})
}
