import type { ServerResponse } from 'node:http'
import { UnavailableError } from '../../base/errors.ts'
import { clientNetworkOf } from './client-network.ts'
import { TooManyError } from './responses.ts'

export interface RequestLimits {
  readonly total: number
  readonly perClient: number
}

/** Ends an open request: it is called when the client has gone, or when the server stops. */
export interface Ending {
  abort(reason: unknown): void
}

/** The requests that are kept open (waits and streams), each with its `Ending`. */
export class OpenRequests {
  readonly #limits: RequestLimits
  readonly #open = new Set<Ending>()
  readonly #byClient = new Map<string, number>()
  #ending: UnavailableError | undefined

  constructor(limits: RequestLimits) {
    this.#limits = limits
  }

  get size(): number {
    return this.#open.size
  }

  /** Whether the server is shutting down. */
  get ended(): boolean {
    return this.#ending !== undefined
  }

  /**
   * Admits a request that is answered at once. Waiting requests do not keep it out.
   * @throws UnavailableError if the server is shutting down.
   */
  admit(): void {
    if (this.#ending) throw this.#ending
  }

  /**
   * Returns a signal that aborts when the client has gone, or when the server stops.
   * @throws UnavailableError if too many requests are open, of this client (TooManyError) or in all, or if the server
   * is shutting down.
   */
  begin(response: ServerResponse): AbortSignal {
    const ending = new AbortController()
    this.hold(response, () => ending)
    return ending.signal
  }

  /**
   * Does the same as `begin` without a signal, because a signal costs memory. `make` is called once the request is
   * admitted.
   * @throws as `begin`.
   */
  hold(response: ServerResponse, make: () => Ending): void {
    const client = clientNetworkOf(response.socket?.remoteAddress)
    this.#admitWaiter(client)
    const ending = make()
    this.#open.add(ending)
    this.#count(client, 1)
    const end = () => {
      this.#open.delete(ending)
      this.#count(client, -1)
      ending.abort(GONE)
    }
    if (response.closed || response.socket?.destroyed) end()
    else response.on('close', end)
  }

  /** Ends all open requests with this reason, and refuses new ones. */
  end(reason: UnavailableError): void {
    this.#ending = reason
    for (const request of this.#open) request.abort(reason)
  }

  #admitWaiter(client: string): void {
    this.admit()
    if (this.#open.size >= this.#limits.total) {
      throw new UnavailableError('too many requests are waiting: try again later')
    }
    if ((this.#byClient.get(client) ?? 0) >= this.#limits.perClient) {
      throw new TooManyError(
        'too many requests of this client address are waiting: end some of them',
      )
    }
  }

  #count(client: string, by: number): void {
    const count = (this.#byClient.get(client) ?? 0) + by
    if (count === 0) this.#byClient.delete(client)
    else this.#byClient.set(client, count)
  }
}

/**
 * No client is left to read this error. There is one object for all requests, so that the end of a waiter costs no
 * stack trace.
 */
export const GONE = new UnavailableError('the client has gone')
