import type { Limits } from '../core/deadline.ts'
import type { PipeAddress } from './address.ts'

export interface SendOptions extends Limits {
  /** Groups that are to get every message, also before their first member has come. */
  readonly groups?: readonly string[] | undefined
  /** Reads the first message only when there is a group, and this many receivers of each are connected. */
  readonly min?: number | undefined
  /** By default a free port, on the address by which this machine reaches the store. */
  readonly listen?: PipeAddress | undefined
  /** The host that receivers are told to connect to. */
  readonly advertise?: string | undefined
  /** Drops messages for a group that is full, and while there is no group, instead of waiting. */
  readonly drop?: boolean | undefined
  /** Milliseconds until the name is free again when this process dies. Default 15 000. */
  readonly ttl?: number | undefined
  /** Told, in sentences for people, what went wrong and is being mended. */
  readonly onTrouble?: ((sentence: string) => void) | undefined
}

/** What became of the messages. */
