import type { CallOptions, Entry } from '../backends/backend.ts'
import { put, putDetached } from '../backends/operations.ts'
import { NoError } from '../base/errors.ts'
import { changeKey } from './core/commit.ts'
import { type Limits, withDeadline } from './core/deadline.ts'
import { checkState } from './core/keys.ts'
import { keyIn, type Namespace } from './core/namespace.ts'
import { cleanupSignal, retryUntilAvailable } from './core/retry.ts'
import { boundWrites, describeHolder, holderOf } from './core/session-record.ts'
import { checkTtl } from './core/ttl.ts'

export interface SignalOptions extends Limits {
  /** Milliseconds after which the key is removed. The backend's minimum applies. */
  readonly expire?: number | undefined
}

/** Result of a signal. */
export interface Signalled {
  /** Milliseconds after which the key is removed, as the backend granted them. */
  readonly expires?: number
}

/** The default state. */
export const READY = 'ready'

/**
 * Sets the state of a key and wakes its waiters. The state is sticky: it stays until it is changed or cleared, and later waiters
 * continue at once. On a held key, it changes the state and leaves the key held. An expiring key becomes sticky.
 * @throws NoError `expire` is given for a key that a session holds.
 * @throws UnavailableError the store was unreachable until the deadline. Nothing was written.
 * @throws IndeterminateError no answer came, and it is unknown whether the state was set.
 */
export const signal = (
  namespace: Namespace,
  name: string,
  state: string = READY,
  options: SignalOptions = {},
): Promise<Signalled> => {
  const key = keyIn(namespace, 'signal', name)
  checkState(state)
  return withDeadline(options, (signal) =>
    options.expire === undefined
      ? setState(namespace, key, state, { signal })
      : setExpiring(namespace, key, state, options.expire, { signal }),
  )
}

const setState = (namespace: Namespace, key: string, state: string, call: CallOptions) => {
  const plan = async (entry: Entry | undefined) => {
    const { held } = await holderOf(namespace, entry, call)
    return { writes: [held ? put(key, state) : putDetached(key, state)], result: {} }
  }
  return changeKey(namespace.backend, { key, plan, appliedTo: isState(state) }, call)
}

const setExpiring = async (
  namespace: Namespace,
  key: string,
  state: string,
  ttl: number,
  call: CallOptions,
): Promise<Signalled> => {
  const { backend } = namespace
  checkTtl(ttl, backend.traits)
  const lease = await retryUntilAvailable(call, () => backend.grant(ttl, call))
  const plan = async (entry: Entry | undefined) => {
    const holder = await holderOf(namespace, entry, call)
    if (holder.held) {
      throw new NoError(
        `the key is held by ${describeHolder(holder)}, and a held key cannot expire: leave out the expiry`,
      )
    }
    return {
      writes: boundWrites(namespace, lease.id, key, state, 'expire'),
      result: { expires: lease.ttl },
    }
  }
  try {
    return await changeKey(backend, { key, plan, appliedTo: isState(state) }, call)
  } catch (error) {
    await backend.revoke(lease.id, { signal: cleanupSignal(call.signal) }).catch(() => {})
    throw error
  }
}

const isState =
  (state: string) =>
  (entry: Entry | undefined): boolean =>
    entry !== undefined && Buffer.from(entry.value).toString() === state
