import { UsageError } from '../../base/errors.ts'
import type { Entry, Precondition, Write } from '../backend.ts'
import type { Operation } from './client.ts'

declare global {
  interface JSON {
    /** Part of the language since 2025; the compiler does not know it yet. */
    rawJSON(text: string): object
  }
}

/** The entries that were read before a commit; `undefined` for a key that was absent. */
export type Known = ReadonlyMap<string, Entry | undefined>

/** `flags`: the flags of the entry, a number of 64 bits in decimal digits. Without it, a put sets them to 0. */
export type FlaggedWrite = Write & { readonly flags?: string }

/** Consul's default for `txn_max_req_len`, bytes of the whole body. */
const MAX_BODY = 512 * 1024

/** The keys that must be read first: Consul has no operation that detaches a key from whatever session it has. */
export const undecided = (writes: readonly Write[]): string[] =>
  writes.filter((write) => write.kind === 'put' && write.lease === null).map(({ key }) => key)

/** The keys that a commit binds to sessions. */
export const bound = (writes: readonly Write[]): string[] =>
  writes.filter((write) => write.kind === 'put' && write.lease).map(({ key }) => key)

/**
 * One transaction that means the same as the preconditions and writes, if `known` is still true. If it is not, Consul
 * refuses the transaction, which therefore never writes anything else.
 * @throws UsageError the transaction is longer than Consul accepts.
 */
export const plan = (
  preconditions: readonly Precondition[],
  writes: readonly FlaggedWrite[],
  known: Known,
): Operation[] => {
  const operations = [
    ...preconditions.map(condition),
    ...telling(writes),
    ...writes.flatMap((write) => change(write, known)),
  ]
  const size = Buffer.byteLength(JSON.stringify(operations))
  if (size > MAX_BODY) {
    throw new UsageError(
      `a transaction of ${size} bytes exceeds the limit of Consul (${MAX_BODY} bytes)`,
    )
  }
  return operations
}

const condition = (precondition: Precondition): Operation => {
  const Key = precondition.key
  switch (precondition.kind) {
    case 'absent':
      return { KV: { Verb: 'check-not-exists', Key } }
    case 'unchanged':
      return { KV: { Verb: 'check-index', Key, Index: precondition.modRevision } }
    case 'heldBy':
      return { KV: { Verb: 'check-session', Key, Session: precondition.lease } }
  }
}

/**
 * The result of a deletion does not contain its revision, but that of a put does. So a commit of deletions begins with
 * a put, which a deletion undoes at once.
 */
const telling = (writes: readonly Write[]): Operation[] => {
  const [first] = writes
  if (!first || writes.some(({ kind }) => kind === 'put')) return []
  return [{ KV: { Verb: 'set', Key: first.key } }]
}

const change = (write: FlaggedWrite, known: Known): Operation[] => {
  const Key = write.key
  if (write.kind === 'delete') return [{ KV: { Verb: 'delete', Key } }]
  const Value = Buffer.from(write.value).toString('base64')
  const entry = known.get(Key)
  // The digits are sent as they are, because a number in JavaScript has 53 bits.
  const flags = write.flags === undefined ? {} : { Flags: JSON.rawJSON(write.flags) }
  if (write.lease === undefined) return [{ KV: { Verb: 'set', Key, Value, ...flags } }]
  if (write.lease === null) return [detach(Key, Value, entry)]
  const lock: Operation = { KV: { Verb: 'lock', Key, Value, Session: write.lease, ...flags } }
  if (!entry?.lease || entry.lease === write.lease) return [lock]
  return [{ KV: { Verb: 'unlock', Key, Session: entry.lease } }, lock]
}

const detach = (Key: string, Value: string, entry: Entry | undefined): Operation =>
  entry?.lease
    ? { KV: { Verb: 'unlock', Key, Value, Session: entry.lease } }
    : { KV: { Verb: 'cas', Key, Value, Index: entry?.modRevision ?? 0 } }
