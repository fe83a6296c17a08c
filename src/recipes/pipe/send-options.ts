import type { Limits } from '../core/deadline.ts'
import type { PipeAddress } from './address.ts'

export interface SendOptions extends Limits {
  /** Groups that get every message, even before their first member has joined. */
  readonly groups?: readonly string[] | undefined
  /** Reads the first message only when there is a group, and each group has this many connected receivers. */
  readonly min?: number | undefined
  /** The address to listen on. Default: a free port, on the address from which this machine reaches the store. */
  readonly listen?: PipeAddress | undefined
  /**
   * The host that receivers connect to. Default: the address on which the sender listens. If it listens on all
   * addresses, the address from which this machine reaches the store.
   */
  readonly advertise?: string | undefined
  /** Drops messages, instead of waiting, for a group that is full, and while there is no group. */
  readonly drop?: boolean | undefined
  /**
   * Milliseconds after which the pipe's name is free again if this process dies. Default: the backend's default TTL,
   * 15 000 or 45 000.
   */
  readonly ttl?: number | undefined
  /** Called with a sentence for people about a failure from which the sender recovers, or about lost messages. */
  readonly onTrouble?: ((sentence: string) => void) | undefined
}
