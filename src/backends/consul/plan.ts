import { UsageError } from '../../base/errors.ts'
import type { Entry, Precondition, Write } from '../backend.ts'
import type { Operation } from './client.ts'

declare global {
  interface JSON {
    /** In the language since 2025; the compiler does not know it yet. */
    rawJSON(text: string): object
  }
}

/** What was read before a commit: `undefined` for a key that was not there. */
export type Known = ReadonlyMap<string, Entry | undefined>

/** `flags`: of the entry, a number of 64 bits in decimal digits, which a put otherwise sets to 0. */
export type FlaggedWrite = Write & { readonly flags?: string }

/** Consul's default for `txn_max_req_len`, bytes of the whole body. */
const MAX_BODY = 512 * 1024

/** Those keys about which Consul has no operation that says what we mean, so they are read first. */
export const undecided = (writes: readonly Write[]): string[] =>
  writes.filter((write) => write.kind === 'put' && write.lease === null).map(({ key }) => key)

/** The keys that a commit binds to sessions. */
export const bound = (writes: readonly Write[]): string[] =>
  writes.filter((write) => write.kind === 'put' && write.lease).map(({ key }) => key)

/**
 * One transaction that means what the preconditions and writes mean, as far as what was read still holds. Where it does
 * not, the transaction is refused: it never writes anything else than what was meant.
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

/** A deletion's result does not tell its revision, a put's does: one that is undone at once. */
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
  // As it stands: a number of JavaScript has 53 bits.
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
