import type {
  IDuplexStream,
  IWatchCreateRequest,
  IWatchRequest,
  IWatchResponse,
  WatchClient,
} from 'etcd3'
import type { WatchListener } from '../connection.ts'

type Duplex = IDuplexStream<IWatchRequest, IWatchResponse>

/** Many watches on one stream of one server, distinguished by numbers that the client assigns. */
export class WatchStream {
  readonly #listeners = new Map<string, WatchListener>()
  readonly #unconfirmed = new Set<string>()
  readonly #opening: Promise<Duplex | undefined>
  #last = 0
  #ended = false

  constructor(client: WatchClient) {
    this.#opening = client.watch().then(
      (stream) => this.#attach(stream),
      (error) => {
        this.end(error)
        return undefined
      },
    )
  }

  /** Also true after its last watch was stopped. */
  get ended(): boolean {
    return this.#ended
  }

  /** Adds a watch. Returns the function that stops it. */
  add(request: IWatchCreateRequest, listener: WatchListener): () => void {
    const id = String(++this.#last)
    this.#listeners.set(id, listener)
    this.#unconfirmed.add(id)
    void this.#create(id, request)
    return () => this.#remove(id)
  }

  end(cause: unknown): void {
    if (this.#ended) return
    this.#ended = true
    void this.#opening.then((stream) => stream?.cancel())
    const listeners = [...this.#listeners.values()]
    this.#listeners.clear()
    for (const listener of listeners) listener.ended(cause)
  }

  #attach(stream: Duplex): Duplex {
    stream.on('data', (response) => this.#dispatch(response))
    stream.on('error', (error) => this.end(error))
    stream.on('end', () => this.end(new Error('the server ended the stream')))
    return stream
  }

  async #create(id: string, request: IWatchCreateRequest): Promise<void> {
    const stream = await this.#opening
    if (this.#listeners.has(id)) stream?.write({ create_request: { ...request, watch_id: id } })
  }

  #remove(id: string): void {
    this.#unconfirmed.delete(id)
    if (!this.#listeners.delete(id)) return
    if (this.#listeners.size === 0) this.end(undefined)
    else void this.#cancel(id)
  }

  async #cancel(id: string): Promise<void> {
    const stream = await this.#opening
    if (!this.#ended) stream?.write({ cancel_request: { watch_id: id } })
  }

  #dispatch(response: IWatchResponse): void {
    const listener = this.#listeners.get(response.watch_id)
    this.#unconfirmed.delete(response.watch_id)
    if (listener) listener.received(response)
    else if (response.created && response.canceled) this.#refused(response)
  }

  /** If the server refuses a watch, its answer has no number. So all watches that wait for an answer begin again. */
  #refused(response: IWatchResponse): void {
    for (const id of this.#unconfirmed) this.#listeners.get(id)?.received(response)
    this.#unconfirmed.clear()
  }
}
