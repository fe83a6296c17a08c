import { UsageError } from '../base/errors.ts'
import { redactMalformed } from '../base/redact.ts'
import type { Backend, BackendModule, CallOptions, OpenOptions } from './backend.ts'

/** Maps the scheme of a URL to its backend's folder, which is loaded on first use. */
const BACKENDS = new Map<string, () => Promise<BackendModule>>([
  ['sqlite', () => import('./sqlite/index.ts')],
  ['memory', () => import('./memory/index.ts')],
  ['http', () => import('./http/index.ts')],
  ['https', () => import('./http/index.ts')],
  ['etcd', () => import('./etcd/index.ts')],
  ['etcds', () => import('./etcd/index.ts')],
  ['consul', () => import('./consul/index.ts')],
  ['consuls', () => import('./consul/index.ts')],
])

/** The beginnings of the kinds of backend URLs. */
export const BACKEND_URLS: readonly string[] = [...BACKENDS.keys()].map((scheme) =>
  scheme === 'sqlite' || scheme === 'memory' ? `${scheme}:` : `${scheme}://`,
)

/** The embedded store of this machine. */
export const DEFAULT_BACKEND = 'sqlite:'

/**
 * Opens the store behind a backend URL.
 * @throws UsageError the scheme is unknown, or the URL is malformed.
 * @throws UnavailableError the opening needs the store, and the store is unreachable.
 */
export const openBackend = async (
  url: string,
  options: OpenOptions,
  call?: CallOptions,
): Promise<Backend> => {
  const scheme = url.slice(0, Math.max(0, url.indexOf(':')))
  const load = BACKENDS.get(scheme)
  if (!load) {
    const known = [...BACKENDS.keys()].join(', ')
    throw new UsageError(
      `"${redactMalformed(url)}" is not a backend URL: begin it with one of ${known}`,
    )
  }
  const module = await load()
  return module.open(url, options, call)
}
