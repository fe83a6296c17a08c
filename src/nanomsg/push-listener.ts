import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { PushPeer } from './push-peer.ts'
import { Sharing } from './sharing.ts'

/** The number of peers that may be connected at once. */
const MAX_PEERS = 4_096

/** A PUSH socket that listens. Each message goes to one of its peers, the one with the fewest unread messages. */
export class PushListener {
  readonly #server: Server
  readonly #onChange: () => void
  readonly #sharing: Sharing

  private constructor(server: Server, onChange: () => void) {
    this.#server = server
    this.#onChange = onChange
    this.#sharing = new Sharing(onChange)
    server.maxConnections = MAX_PEERS
    server.on('connection', (socket) => this.#welcome(socket))
  }

  /**
   * `port`: 0 selects a free one. `onChange` is called when a message may find a receiver, or when the number of peers
   * has changed.
   * @throws the system's error: the address is in use, or does not belong to this machine.
   */
  static async listen(host: string, port: number, onChange: () => void): Promise<PushListener> {
    const server = createServer({ noDelay: true })
    const listener = new PushListener(server, onChange)
    server.listen(port, host)
    await once(server, 'listening')
    server.on('error', () => {})
    return listener
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** The number of receivers that are connected and ready to be sent messages. */
  get ready(): number {
    return this.#sharing.ready
  }

  /** Sends a framed message to a free peer. Returns `false` if there is none. */
  offer(framed: Buffer): boolean {
    const peer = this.#sharing.next()
    peer?.send(framed)
    return peer !== undefined
  }

  /** Accepts no more peers. Resolves when the connected peers have read everything and are gone. */
  async end(): Promise<void> {
    this.#server.close()
    await Promise.all(this.#sharing.peers.map((peer) => peer.end()))
  }

  /** Ends all connections at once. */
  close(): void {
    this.#server.close()
    this.#sharing.close()
    for (const peer of this.#sharing.peers) peer.destroy()
  }

  #welcome(socket: Socket): void {
    const peer = new PushPeer(socket, this.#onChange)
    this.#sharing.join(peer)
    socket.once('close', () => {
      this.#sharing.leave(peer)
      this.#onChange()
    })
  }
}
