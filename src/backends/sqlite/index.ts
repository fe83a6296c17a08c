import { UsageError } from '../../errors.ts'
import { redactMalformed } from '../../redact.ts'
import type { CallOptions, OpenOptions, Traits } from '../backend.ts'
import { translate } from './failure.ts'
import { defaultPath, prepareDirectory } from './location.ts'
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

/** `sqlite:`, the default file, or `sqlite:///path/file.db`. */
export const open = (
  url: string,
  { env, callLimit, synced }: OpenOptions,
  call?: CallOptions,
): Promise<SqliteBackend> => {
  const path = pathOf(url, env)
  try {
    prepareDirectory(path)
  } catch (error) {
    throw translate(error, path)
  }
  const address = `sqlite://${path}`
  return SqliteBackend.open({ path, address, traits, callLimit, synced }, call)
}

const pathOf = (url: string, env: NodeJS.ProcessEnv): string => {
  if (url === 'sqlite:') return defaultPath(env)
  const path = decoded(/^sqlite:\/\/(\/.*[^/])$/.exec(url)?.[1] ?? '')
  if (!path) {
    throw new UsageError(
      `"${redactMalformed(url)}" names no file: write sqlite: or sqlite:///path/to/file.db`,
    )
  }
  return path
}

/** Nothing where its percent-encoding is broken, or names what no path can have. */
const decoded = (path: string): string | undefined => {
  try {
    const text = decodeURIComponent(path)
    return text.includes('\0') ? undefined : text
  } catch {
    return undefined
  }
}
