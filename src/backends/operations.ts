import { UsageError } from '../base/errors.ts'
import type { Backend, Claimable, Precondition, Traits, WaiterRegistry, Write } from './backend.ts'

/** Whether a backend has the extension `Claimable`: there, `claim` is the last step of taking a lock. */
export const isClaimable = (backend: Backend): backend is Backend & Claimable => 'claim' in backend

/** Whether a backend has the extension `WaiterRegistry`: there, waiters are known without a write. */
export const hasWaiterRegistry = (backend: Backend): backend is Backend & WaiterRegistry =>
  'announce' in backend

export const absent = (key: string): Precondition => ({ kind: 'absent', key })
export const heldBy = (key: string, lease: string): Precondition => ({ kind: 'heldBy', key, lease })
export const unchanged = (key: string, modRevision: number): Precondition => ({
  kind: 'unchanged',
  key,
  modRevision,
})

/** A put that keeps the key's lease. */
export const put = (key: string, value: string | Uint8Array): Write => ({
  kind: 'put',
  key,
  value: bytes(value),
})

/** A put that binds the key to a lease. */
export const putHeld = (key: string, value: string | Uint8Array, lease: string): Write => ({
  kind: 'put',
  key,
  value: bytes(value),
  lease,
})

/** A put after which the key is bound to no lease. */
export const putDetached = (key: string, value: string | Uint8Array): Write => ({
  kind: 'put',
  key,
  value: bytes(value),
  lease: null,
})

export const remove = (key: string): Write => ({ kind: 'delete', key })

const bytes = (value: string | Uint8Array): Uint8Array =>
  typeof value === 'string' ? Buffer.from(value) : value

/**
 * Checks a commit as every backend must before it sends one.
 * @throws UsageError the commit exceeds a limit, which the message names, or writes a key twice.
 */
export const checkCommit = (
  preconditions: readonly Precondition[],
  writes: readonly Write[],
  traits: Traits,
): void => {
  const operations = preconditions.length + writes.length
  if (operations > traits.maxCommitOperations) {
    throw new UsageError(
      `a commit of ${operations} operations exceeds the limit of ${traits.name} (${traits.maxCommitOperations} operations)`,
    )
  }
  const size = writes.reduce((sum, write) => sum + writeBytes(write), 0)
  if (size > traits.maxCommitBytes) {
    throw new UsageError(
      `a commit of ${size} bytes exceeds the limit of ${traits.name} (${traits.maxCommitBytes} bytes)`,
    )
  }
  if (new Set(writes.map((write) => write.key)).size < writes.length) {
    throw new UsageError('a commit may write each key only once')
  }
}

const writeBytes = (write: Write): number =>
  Buffer.byteLength(write.key) + (write.kind === 'put' ? write.value.byteLength : 0)
