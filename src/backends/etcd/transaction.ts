import type { ICompare, IRequestOp, ITxnRequest } from 'etcd3'
import type { CommitResult, Precondition, Write } from '../backend.ts'
import { leaseNumber, revisionOf, toEntry } from './codec.ts'
import type { TxnResponse } from './messages.ts'

/** Constants of the server's interface. etcd3 exports them as values, but etcd3 is not loaded yet here. */
const EQUAL = 0
const GREATER = 1
const CREATE = 1
const MOD = 2
const LEASE = 4

/** A put that keeps the key's lease. */
type KeepingPut = Extract<Write, { kind: 'put' }> & { readonly session?: undefined }

/** Writes such a put. The form depends on whether the key exists. */
type Keep = (put: KeepingPut) => IRequestOp

/** One request that applies the writes if the preconditions hold, and otherwise reads the keys of the preconditions. */
export const transactionOf = (
  preconditions: readonly Precondition[],
  writes: readonly Write[],
): ITxnRequest => {
  const keep: Keep = (put) => keepBy(preconditions, put) ?? keepEither(put)
  const undecided = writes.find(isKeeping)
  if (preconditions.length === 0 && undecided) return branching(undecided, writes)
  return {
    compare: preconditions.map(compareOf),
    success: writes.map((write) => operationOf(write, keep)),
    failure: [...new Set(preconditions.map((precondition) => precondition.key))].map((key) => ({
      request_range: { key: Buffer.from(key) },
    })),
  }
}

/** The result of such a request. Without preconditions, both of its branches are the writes. */
export const resultOf = (
  preconditions: readonly Precondition[],
  { succeeded, header, responses }: TxnResponse,
): CommitResult =>
  succeeded || preconditions.length === 0
    ? { outcome: 'ok', revision: revisionOf(header.revision) }
    : {
        outcome: 'refused',
        entries: responses.flatMap((response) => response.response_range.kvs.map(toEntry)),
      }

/** The leases that the writes bind keys to. */
export const leasesOf = (writes: readonly Write[]): string[] => [
  ...new Set(writes.flatMap((write) => (write.kind === 'put' && write.lease) || [])),
]

/** An absent key compares like one whose revisions and lease are zero. */
const compareOf = (precondition: Precondition): ICompare => {
  const key = Buffer.from(precondition.key)
  switch (precondition.kind) {
    case 'absent':
      return { key, target: CREATE, result: EQUAL, create_revision: 0 }
    case 'unchanged':
      // never 0, which is the revision of an absent key
      return { key, target: MOD, result: EQUAL, mod_revision: precondition.modRevision || -1 }
    case 'heldBy':
      return { key, target: LEASE, result: EQUAL, lease: leaseNumber(precondition.lease) }
  }
}

const exists = (key: string): ICompare => ({
  key: Buffer.from(key),
  target: CREATE,
  result: GREATER,
  create_revision: 0,
})

const operationOf = (write: Write, keep: Keep): IRequestOp => {
  if (isKeeping(write)) return keep(write)
  const key = Buffer.from(write.key)
  if (write.kind === 'delete') return { request_delete_range: { key } }
  const lease = write.lease ? leaseNumber(write.lease) : 0
  return { request_put: { key, value: Buffer.from(write.value), lease } }
}

const isKeeping = (write: Write): write is KeepingPut =>
  write.kind === 'put' && write.lease === undefined

/** An ordinary put drops the lease, which is correct if there is none. A keeping put fails on an absent key. */
const keepNone: Keep = ({ key, value }) => ({
  request_put: { key: Buffer.from(key), value: Buffer.from(value) },
})
const keepOne: Keep = ({ key, value }) => ({
  request_put: { key: Buffer.from(key), value: Buffer.from(value), ignore_lease: true },
})

/** The server decides, by a transaction inside the transaction. */
const keepEither: Keep = (put) => ({
  request_txn: {
    compare: [exists(put.key)],
    success: [keepOne(put)],
    failure: [keepNone(put)],
  },
})

/** If there is a precondition on the same key, it decides. */
const keepBy = (
  preconditions: readonly Precondition[],
  put: KeepingPut,
): IRequestOp | undefined => {
  const precondition = preconditions.find(({ key }) => key === put.key)
  if (!precondition) return undefined
  return precondition.kind === 'absent' ? keepNone(put) : keepOne(put)
}

/**
 * The same writes twice: for when the key of one of them exists, and for when it does not. Against its quota, etcd
 * counts only puts that are not in a transaction inside the transaction.
 */
const branching = (first: KeepingPut, writes: readonly Write[]): ITxnRequest => {
  const branch = (keep: Keep) =>
    writes.map((write) => operationOf(write, write === first ? keep : keepEither))
  return {
    compare: [exists(first.key)],
    success: branch(keepOne),
    failure: branch(keepNone),
  }
}
