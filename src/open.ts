import type { CallOptions, OpenOptions } from './backends/backend.ts'
import { DEFAULT_BACKEND, openBackend } from './backends/open.ts'
import { checkNamespace } from './recipes/core/keys.ts'
import type { Namespace } from './recipes/core/namespace.ts'
import { retryUntilAvailable } from './recipes/core/retry.ts'

export interface NamespaceOptions extends Partial<OpenOptions> {
  /** Separates independent users of one store. Default: `rdv`. */
  readonly namespace?: string | undefined
  /** Makes `open` retry while the store is unreachable, until this signal aborts. */
  readonly signal?: AbortSignal | undefined
}

/**
 * Opens a namespace of the store behind a backend URL. Default: the embedded store of this user on this machine. Close
 * its backend when done: `await space.backend.close()`.
 * @throws UsageError the URL or the namespace is malformed.
 * @throws UnavailableError the store cannot be used, or, with a `signal`, was unreachable until that aborted.
 */
export const open = (url?: string, options: NamespaceOptions = {}): Promise<Namespace> => {
  const { signal } = options
  return signal ? openUntilAvailable(url, options, { signal }) : openOnce(url, options)
}

/** Like `open`, but retries while the store is unreachable, until the call is cancelled. */
export const openUntilAvailable = (
  url: string | undefined,
  options: Omit<NamespaceOptions, 'signal'>,
  call: CallOptions,
): Promise<Namespace> => retryUntilAvailable(call, () => openOnce(url, options, call))

const openOnce = async (
  url: string | undefined,
  {
    namespace: name = 'rdv',
    env = process.env,
    callLimit,
    shortLived,
  }: Omit<NamespaceOptions, 'signal'>,
  call?: CallOptions,
): Promise<Namespace> => {
  checkNamespace(name)
  const backend = await openBackend(url || DEFAULT_BACKEND, { env, callLimit, shortLived }, call)
  return { name, backend }
}
