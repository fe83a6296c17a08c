import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { PushPeer } from './push-peer.ts'

/** So many peers may be connected at once. */
const MOST_PEERS = 4_096

/** A PUSH socket that listens: each message goes to one of its peers, in turn, to one that is free. */
export class PushListener {
  readonly #server: Server
  readonly #onFree: () => void
  #peers: PushPeer[] = []
  #next = 0

  private constructor(server: Server, onFree: () => void) {
    this.#server = server
    this.#onFree = onFree
    server.maxConnections = MOST_PEERS
    server.on('connection', (socket) => this.#welcome(socket))
  }

  /**
   * `port` 0 is a free one. `onFree` is called whenever a message may find a taker.
   * @throws the system's error: the address is in use, or not ours.
   */
  static async listen(host: string, port: number, onFree: () => void): Promise<PushListener> {
    const server = createServer({ noDelay: true })
    const listener = new PushListener(server, onFree)
    server.listen(port, host)
    await once(server, 'listening')
    server.on('error', () => {})
    return listener
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** Hands a framed message to a free peer; `false`: there is none. */
  offer(framed: Buffer): boolean {
    for (let tried = 0; tried < this.#peers.length; tried++) {
      const peer = this.#peers[this.#next++ % this.#peers.length]
      if (peer?.free) {
        peer.send(framed)
        return true
      }
    }
    return false
  }

  /** Takes no more peers, and resolves when those that are there have read everything and gone. */
  async end(): Promise<void> {
    this.#server.close()
    await Promise.all(this.#peers.map((peer) => peer.end()))
  }

  /** Ends all connections at once. */
  close(): void {
    this.#server.close()
    for (const peer of this.#peers) peer.destroy()
  }

  #welcome(socket: Socket): void {
    const peer = new PushPeer(socket, this.#onFree)
    this.#peers.push(peer)
    socket.once('close', () => {
      this.#peers = this.#peers.filter((one) => one !== peer)
      this.#onFree()
    })
  }
}
