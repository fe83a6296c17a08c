import { UsageError } from '../../base/errors.ts'
import { redactMalformed } from '../../base/redact.ts'
import type { CallOptions, OpenOptions, Traits } from '../backend.ts'
import { translate } from './failure.ts'
import { defaultPath, isElsewhere, prepareDirectory, realPath } from './location.ts'
import { SqliteBackend } from './sqlite.ts'

export const traits: Traits = {
  name: 'sqlite',
  reach: 'machine',
  minTtl: 100,
  maxTtl: 10 * 365 * 24 * 3_600_000,
  defaultTtl: 15_000,
  expiryFactor: 1,
  seesDeath: true,
  maxCommitBytes: 4 * 1024 * 1024,
  maxCommitOperations: 1_000,
  waiters: 'known',
}

/** Opens `sqlite:` (the default file) or `sqlite:///path/file.db`. `?network=yes` permits any file system. */
export const open = async (
  url: string,
  { env, callLimit, durable }: OpenOptions,
  call?: CallOptions,
): Promise<SqliteBackend> => {
  const { path, network } = locationOf(url, env)
  const file = realPath(path)
  try {
    const kind = prepareDirectory(file)
    if (kind && !network) (await import('./mounts.ts')).refuseShared(file, addressOf(path), kind)
    if (isElsewhere(file)) (await import('./mounts.ts')).refuseMountedFile(file)
  } catch (error) {
    throw translate(error, path)
  }
  const address = addressOf(path) + (network ? NETWORK : '')
  const validate = async () => (await import('./mounts.ts')).refuseMountedFile(file)
  return SqliteBackend.open({ path, address, traits, callLimit, durable, validate }, call)
}

/** The user's confirmation that no other machine uses the file, whatever its file system is. */
const NETWORK = '?network=yes'

interface Location {
  readonly path: string
  readonly network: boolean
}

const locationOf = (url: string, env: NodeJS.ProcessEnv): Location => {
  const network = url.endsWith(NETWORK)
  const plain = network ? url.slice(0, -NETWORK.length) : url
  return { path: plain === 'sqlite:' ? defaultPath(env) : pathOf(plain), network }
}

const pathOf = (url: string): string => {
  const path = decoded(/^sqlite:\/\/(\/[^?]*[^/?])$/.exec(url)?.[1] ?? '')
  if (!path) {
    const hint = url.includes('?') ? ' (%3F is a question mark in a path)' : ''
    throw new UsageError(
      `"${redactMalformed(url)}" does not name a file: write sqlite: or sqlite:///path/to/file.db${hint}`,
    )
  }
  return path
}

/** The URL of a path. Encodes the characters that have a meaning in a URL and may be part of a path. */
const addressOf = (path: string): string =>
  `sqlite://${path.replaceAll('%', '%25').replaceAll('?', '%3F')}`

/** Decodes a path. Returns `undefined` if its percent-encoding is malformed, or if it contains NUL. */
const decoded = (path: string): string | undefined => {
  try {
    const text = decodeURIComponent(path)
    return text.includes('\0') ? undefined : text
  } catch {
    return undefined
  }
}
