import type {
  Change,
  ClaimResult,
  CommitResult,
  Entry,
  Listing,
  Precondition,
  WatchEvent,
  Write,
} from '../backend.ts'
import type {
  WireChange,
  WireCommitResult,
  WireEntry,
  WireEvent,
  WireGuard,
  WireListing,
  WireWrite,
} from './protocol.ts'
import { errorToWire } from './wire-error.ts'

const encode = (value: Uint8Array): string =>
  Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64')

const decode = (value: string): Uint8Array => new Uint8Array(Buffer.from(value, 'base64'))

/** The wire calls a lease a session. */
export const entryToWire = ({ lease, ...entry }: Entry): WireEntry => ({
  ...entry,
  value: encode(entry.value),
  ...(lease !== undefined && { session: lease }),
})

export const entryFromWire = ({ session, ...entry }: WireEntry): Entry => ({
  ...entry,
  value: decode(entry.value),
  ...(session !== undefined && { lease: session }),
})

export const writeToWire = (write: Write): WireWrite => {
  if (write.kind !== 'put') return write
  const { lease, ...rest } = write
  return { ...rest, value: encode(rest.value), ...(lease !== undefined && { session: lease }) }
}

export const writeFromWire = (write: WireWrite): Write => {
  if (write.kind !== 'put') return write
  const { session, ...rest } = write
  return { ...rest, value: decode(rest.value), ...(session !== undefined && { lease: session }) }
}

export const preconditionToWire = (precondition: Precondition): WireGuard => {
  if (precondition.kind !== 'heldBy') return precondition
  const { lease, ...rest } = precondition
  return { ...rest, session: lease }
}

export const preconditionFromWire = (guard: WireGuard): Precondition => {
  if (guard.kind !== 'heldBy') return guard
  const { session, ...rest } = guard
  return { ...rest, lease: session }
}

export const listingToWire = ({ entries, revision }: Listing): WireListing => ({
  entries: entries.map(entryToWire),
  revision,
})

export const listingFromWire = ({ entries, revision }: WireListing): Listing => ({
  entries: entries.map(entryFromWire),
  revision,
})

export const resultToWire = (result: CommitResult): WireCommitResult =>
  result.outcome === 'refused'
    ? { outcome: 'refused', entries: result.entries.map(entryToWire) }
    : result

/** Picks the fields of the result, since a reply has more fields. */
export const resultFromWire = (result: WireCommitResult): CommitResult => {
  switch (result.outcome) {
    case 'ok':
      return { outcome: 'ok', revision: result.revision }
    case 'refused':
      return { outcome: 'refused', entries: result.entries.map(entryFromWire) }
    case 'delayed':
      return { outcome: 'delayed' }
  }
}

/** Picks the fields of the result, since a reply has more fields. */
export const claimFromWire = (result: ClaimResult): ClaimResult =>
  result.outcome === 'ok'
    ? { outcome: 'ok', token: result.token, key: result.key }
    : { outcome: result.outcome }

export const changeFromWire = (change: WireChange): Change =>
  change.kind === 'put' ? { kind: 'put', entry: entryFromWire(change.entry) } : change

const changeToWire = (change: Change): WireChange =>
  change.kind === 'put' ? { kind: 'put', entry: entryToWire(change.entry) } : change

/**
 * The wire has no `reset`. The client sees its stream break and reads a new one from the start, so it knows itself
 * whether a snapshot is a reset.
 */
export const eventToWire = (event: WatchEvent): WireEvent => {
  switch (event.kind) {
    case 'snapshot':
      return { kind: 'snapshot', ...listingToWire(event) }
    case 'changes':
      return { kind: 'changes', changes: event.changes.map(changeToWire) }
    case 'interrupted':
      return { kind: 'interrupted', cause: errorToWire(event.cause) }
  }
}
