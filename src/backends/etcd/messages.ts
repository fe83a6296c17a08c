import type {
  IAlarmMember,
  IEvent,
  IKeyValue,
  ILeaseGrantResponse,
  IStatusResponse,
  IWatchResponse,
} from 'etcd3'

// The parts of etcd's answers that rdv reads. 64-bit numbers are texts.

interface Dated {
  readonly header: { readonly revision: string }
}

export interface RangeResponse extends Dated {
  readonly kvs: readonly IKeyValue[]
  /** The number of all keys in the range, whatever else the request says. */
  readonly count: string
}

export interface TxnResponse extends Dated {
  readonly succeeded: boolean
  /** The results of the branch that was taken. In rdv's transactions, a branch with results has only ranges. */
  readonly responses: readonly { readonly response_range: Pick<RangeResponse, 'kvs'> }[]
}

export type WatchEvent = Pick<IEvent, 'type' | 'kv'>

export interface WatchResponse extends Dated, Pick<IWatchResponse, 'created' | 'canceled'> {
  readonly events: readonly WatchEvent[]
}

export type Grant = Pick<ILeaseGrantResponse, 'ID' | 'TTL'>

export type Status = Pick<IStatusResponse, 'version' | 'leader'>

export interface Alarms {
  readonly alarms: readonly Pick<IAlarmMember, 'alarm'>[]
}
