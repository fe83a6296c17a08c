import type { CallOptions, OpenOptions } from './backends/backend.ts'
import { DEFAULT_BACKEND, openBackend } from './backends/open.ts'
import { checkNamespace } from './recipes/keys.ts'
import { whenAvailable } from './recipes/retry.ts'
import type { Space } from './recipes/space.ts'

export interface SpaceOptions extends Partial<OpenOptions> {
  /** Keeps apart who does not belong together. Default: `rdv`. */
  readonly namespace?: string | undefined
  /** Ends the attempts to reach a store that is not up yet. */
  readonly signal?: AbortSignal | undefined
}

/**
 * Opens a namespace of the store behind a backend URL; without one, of the embedded store of this machine and user.
 * Close its backend when done: `await space.backend.close()`.
 * @throws UsageError the URL or the namespace is malformed.
 * @throws UnavailableError the store cannot be used, or with a `signal` was out of reach until that aborted.
 */
export const open = (url?: string, options: SpaceOptions = {}): Promise<Space> => {
  const { signal } = options
  return signal ? openPatiently(url, options, { signal }) : openOnce(url, options)
}

/** As `open`, until the call is cancelled. */
export const openPatiently = (
  url: string | undefined,
  options: Omit<SpaceOptions, 'signal'>,
  call: CallOptions,
): Promise<Space> => whenAvailable(call, () => openOnce(url, options, call))

const openOnce = async (
  url: string | undefined,
  { namespace = 'rdv', env = process.env, callLimit, brief }: Omit<SpaceOptions, 'signal'>,
  call?: CallOptions,
): Promise<Space> => {
  checkNamespace(namespace)
  const backend = await openBackend(url || DEFAULT_BACKEND, { env, callLimit, brief }, call)
  return { namespace, backend }
}
