import type { IncomingMessage } from 'node:http'
import { UnavailableError } from '../../base/errors.ts'
import type { CallOptions, Entry, Listing } from '../backend.ts'
import { Reachability } from '../network/reachability.ts'
import { isPrefix } from '../watch/scope.ts'
import type { Client, Item, Options } from './client.ts'
import type { Connection, ConsulCall } from './connection.ts'
import { Failure, translate } from './failure.ts'

/** An entry with its Consul flags. `flags` is rounded if it is above 2^53. */
export interface FlaggedEntry extends Entry {
  readonly flags: number
}

/** Reads Consul's key-value store, in the backend interface's terms. All reads except `changed` are linearizable. */
export class Store {
  readonly connection: Connection
  readonly reachability = new Reachability()

  constructor(connection: Connection) {
    this.connection = connection
  }

  /** Makes a call that may be lost without harm, and converts its errors. `right`: the ACL permission it needs. */
  async ask<T>(
    options: ConsulCall,
    right: string,
    body: (client: Client, options: Options) => Promise<T>,
  ) {
    try {
      const answer = await this.connection.call(options, body)
      this.reachability.answered()
      return answer
    } catch (error) {
      this.reachability.failed()
      throw this.#translated(error, right, options)
    }
  }

  async get(key: string, options: CallOptions): Promise<Entry | undefined> {
    const [, item] = await this.ask(options, reading(key), (client, common) =>
      client.kv.get({ ...common, ...EXACT, key }),
    )
    return item && toEntry(item)
  }

  /** All entries below a prefix, with their flags. */
  async items(prefix: string, options: CallOptions): Promise<readonly FlaggedEntry[]> {
    const [, items] = await this.#recurse(prefix, options)
    return (items ?? []).map((item) => ({ ...toEntry(item), flags: item.Flags }))
  }

  /** The entries of the keys; `undefined` for a key that is absent. */
  async entries(
    keys: Iterable<string>,
    options: CallOptions,
  ): Promise<ReadonlyMap<string, Entry | undefined>> {
    const read = async (key: string) => [key, await this.get(key, options)] as const
    return new Map(await Promise.all([...new Set(keys)].map(read)))
  }

  /**
   * The listing's revision is Consul's index of the scope. It is not below any write to the scope or deletion from it.
   */
  async list(scope: string, options: CallOptions): Promise<Listing> {
    if (isPrefix(scope)) return this.#below(scope, options)
    const [response, item] = await this.ask(options, reading(scope), (client, common) =>
      client.kv.get({ ...common, ...EXACT, key: scope }),
    )
    return { entries: item ? [toEntry(item)] : [], revision: this.#indexOf(response) }
  }

  /** The revision of the newest change to any key. It is the index of a key that cannot exist. */
  async revision(near: string, options: CallOptions): Promise<number> {
    const key = isPrefix(near) ? near : `${near}/`
    const [response] = await this.ask(options, reading(near), (client, common) =>
      client.kv.get({ ...common, ...EXACT, key }),
    )
    return this.#indexOf(response)
  }

  /**
   * Resolves to whether the scope may have changed since a listing's revision, after about two seconds at the latest.
   * This is only a hint, so the query need not be consistent. For a prefix, the answer has the names of the first level
   * instead of all values.
   */
  async changed(scope: string, revision: number, signal: AbortSignal): Promise<boolean> {
    const query = { key: scope, index: revision }
    try {
      const [{ headers }] = await this.connection.wait<readonly [IncomingMessage, unknown]>(
        signal,
        (client, common) =>
          isPrefix(scope)
            ? client.kv.keys({ ...common, ...query, separator: '/' })
            : client.kv.get({ ...common, ...query, buffer: true }),
      )
      return isOther(headers, revision)
    } catch (error) {
      if (error instanceof Failure && error.status === 404) return isOther(error.headers, revision)
      throw this.#translated(error, reading(scope), { signal })
    }
  }

  /**
   * Checks that the token may write the key. This is needed after a refusal, which looks the same for a missing
   * permission and for a condition that does not hold. No key ever has the index 1, so nothing is written.
   * @throws UnavailableError the token may not write the key.
   */
  async requirePermission(key: string, options: CallOptions): Promise<void> {
    await this.ask(options, `key:write on ${key}`, (client, common) =>
      client.kv.set({ ...common, key, value: '', cas: 1 }),
    )
  }

  async #below(prefix: string, options: CallOptions): Promise<Listing> {
    const [response, items] = await this.#recurse(prefix, options)
    // Below a prefix that the token may not read, Consul lists nothing, as if no key existed. For one key it refuses
    // the request.
    if (!items) await this.get(prefix, options)
    // Consul's own web page marks folders by keys that end in a slash.
    const entries = (items ?? []).filter((item) => !isPrefix(item.Key)).map(toEntry)
    return { entries, revision: this.#indexOf(response) }
  }

  async #recurse(prefix: string, options: CallOptions) {
    const [response, items] = await this.ask(options, reading(prefix), (client, common) =>
      client.kv.get({ ...common, ...EXACT, key: prefix, recurse: true }),
    )
    if (response.headers['x-consul-results-filtered-by-acls'] === 'true') {
      throw new UnavailableError(
        `${this.connection.address} hides keys below ${prefix} from this token`,
        {
          retryable: false,
        },
      )
    }
    return [response, items] as const
  }

  #indexOf(response: IncomingMessage): number {
    const index = Number(response.headers[INDEX])
    if (index > 0) return index
    throw new UnavailableError(
      `${this.connection.address} is not a Consul agent: its answer has no index`,
    )
  }

  #translate(error: unknown, right: string): unknown {
    const { address, proven } = this.connection
    return translate(error, address, right, proven)
  }

  #translated(error: unknown, right: string, { signal }: CallOptions): unknown {
    return signal?.aborted ? error : this.#translate(error, right)
  }
}

const INDEX = 'x-consul-index'

const isOther = (headers: IncomingMessage['headers'], revision: number): boolean =>
  Number(headers[INDEX]) !== revision

const reading = (scope: string): string => `key:read on ${scope}`

const EXACT = { buffer: true, consistent: true } as const

const toEntry = (item: Item): Entry => ({
  key: item.Key,
  value: item.Value ?? EMPTY,
  createRevision: item.CreateIndex,
  modRevision: item.ModifyIndex,
  ...(item.Session && { lease: item.Session }),
})

const EMPTY = new Uint8Array()
