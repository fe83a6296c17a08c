import type { IEvent, IKeyValue } from 'etcd3'
import type {
  Alarms,
  Grant,
  RangeResponse,
  Status,
  TxnResponse,
  WatchEvent,
  WatchResponse,
} from '../messages.ts'

/**
 * etcd's messages as its gateway writes them (protobuf's JSON mapping): bytes in base64, 64-bit numbers as text, and
 * fields with their default value left out.
 */
export type Json<T> = T extends Uint8Array
  ? string
  : T extends readonly (infer Item)[]
    ? Json<Item>[]
    : T extends object
      ? { readonly [K in keyof T]?: Json<T[K]> }
      : T

/** The text of a request. */
export const encode = (request: object): string => JSON.stringify(plain(request))

const plain = (value: unknown): unknown => {
  if (value instanceof Uint8Array) return base64(value)
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, plain(part)]))
}

const base64 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')

const bytes = (text = ''): Buffer => Buffer.from(text, 'base64')

const toHeader = ({ revision = '0' }: { readonly revision?: string } = {}) => ({ revision })

const toKeyValue = ({
  key,
  value,
  create_revision = '0',
  mod_revision = '0',
  version = '0',
  lease = '0',
}: Json<IKeyValue> = {}): IKeyValue => ({
  key: bytes(key),
  value: bytes(value),
  create_revision,
  mod_revision,
  version,
  lease,
})

export const toRange = ({
  header,
  kvs = [],
  count = '0',
}: Json<RangeResponse> = {}): RangeResponse => ({
  header: toHeader(header),
  kvs: kvs.map(toKeyValue),
  count,
})

export const toTxn = ({
  header,
  succeeded = false,
  responses = [],
}: Json<TxnResponse>): TxnResponse => ({
  header: toHeader(header),
  succeeded,
  responses: responses.map(({ response_range }) => ({ response_range: toRange(response_range) })),
})

/** Enumerated values are written by their names. The first of them is the default, so it is left out. */
const toEvent = ({ type, kv }: Json<WatchEvent>): WatchEvent => ({
  type: (type ?? 'PUT') as IEvent['type'],
  kv: toKeyValue(kv),
})

export const toWatch = ({
  header,
  created = false,
  canceled = false,
  events = [],
}: Json<WatchResponse>): WatchResponse => ({
  header: toHeader(header),
  created,
  canceled,
  events: events.map(toEvent),
})

export const toGrant = ({ ID = '0', TTL = '0' }: Json<Grant>): Grant => ({ ID, TTL })

export const toStatus = ({ version = '', leader = '0' }: Json<Status>): Status => ({
  version,
  leader,
})

export const toAlarms = ({ alarms = [] }: Json<Alarms>): Alarms => ({
  alarms: alarms as Alarms['alarms'],
})
