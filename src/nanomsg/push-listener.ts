import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { PushPeer } from './push-peer.ts'
import { Sharing } from './sharing.ts'

/** So many peers may be connected at once. */
const MAX_PEERS = 4_096

/** A PUSH socket that listens: each message goes to one of its peers, the one that has the fewest unread. */
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
   * `port` 0 is a free one. `onChange` is called whenever a message may find a taker, or the number of peers is another
   * one.
   * @throws the system's error: the address is in use, or not ours.
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

  /** How many receivers are connected and ready to be sent messages. */
  get ready(): number {
    return this.#sharing.ready
  }

  /** Hands a framed message to a free peer; `false`: there is none. */
  offer(framed: Buffer): boolean {
    const peer = this.#sharing.next()
    peer?.send(framed)
    return peer !== undefined
  }

  /** Takes no more peers, and resolves when those that are there have read everything and gone. */
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
