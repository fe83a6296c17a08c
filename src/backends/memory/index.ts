import { UsageError } from '../../base/errors.ts'
import { redactMalformed } from '../../base/redact.ts'
import type { Traits } from '../backend.ts'
import { SqliteBackend } from '../sqlite/sqlite.ts'

export const traits: Traits = {
  name: 'memory',
  reach: 'process',
  minTtl: 100,
  maxTtl: 10 * 365 * 24 * 3_600_000,
  defaultTtl: 15_000,
  expiryFactor: 1,
  seesDeath: false,
  maxCommitBytes: 4 * 1024 * 1024,
  maxCommitOperations: 1_000,
  waiters: 'known',
}

/** `memory:`, a store inside this process: the same tables as a file's, in memory. */
export const open = async (url = 'memory:'): Promise<SqliteBackend> => {
  if (url !== 'memory:')
    throw new UsageError(
      `"${redactMalformed(url)}" is not a backend URL: write memory: without an address`,
    )
  return SqliteBackend.open({ path: ':memory:', address: 'memory:', traits })
}
