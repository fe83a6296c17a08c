import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { type Direction, direct, type Weather } from './direction.ts'

/** A TCP proxy in front of a server. It fails as networks do. */
export interface TcpProxy {
  readonly host: string
  readonly port: number
  /** The proxy's address as a URL of a backend or a probe. */
  url(scheme: string): string
  /** Resets every connection, and ends `dropReplies`. New connections work. */
  cut(): void
  /** Resets every connection and refuses new ones (ECONNREFUSED) until `accept`. */
  refuse(): void
  /** Accepts connections again, on the same port. */
  accept(): Promise<void>
  /** A black hole: open connections stay, new ones open, and no data flows in either direction. */
  pause(): void
  /**
   * Makes the open connections, or the `newest` of them, half-open: both ends keep them, but no data that is sent on
   * them arrives any more. New connections work.
   */
  halfOpen(newest?: number): void
  /** Ends `pause`. Delivers the data that was held. */
  resume(): void
  /**
   * From now on until `cut`, requests reach the server but its replies are dropped, on open and on new connections.
   * Resolves when the first reply was dropped: the server has then acted on a request.
   */
  dropReplies(): Promise<void>
  /** Delays every piece that arrives from now on by this many milliseconds. */
  delay(milliseconds: number): void
  /** The number of open connections, without half-open ones. */
  readonly connections: number
  /** The highest number of connections that were open at the same time. */
  readonly peak: number
  /** The number of pieces that clients have sent. Each of their requests is at least one piece. */
  readonly received: number
  /** Resets every connection and closes the port. */
  stop(): Promise<void>
}

export interface Target {
  readonly host: string
  readonly port: number
}

interface Link {
  readonly over: Weather & { dead: boolean }
  readonly client: Socket
  readonly server: Socket
  readonly directions: readonly Direction[]
}

const listen = async (server: Server, port: number): Promise<number> => {
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

const reset = (link: Link): void => {
  link.client.resetAndDestroy()
  link.server.resetAndDestroy()
}

/** Starts a proxy to a server on a free loopback port. */
export const startProxy = async (target: Target): Promise<TcpProxy> => {
  const weather = { held: false, delay: 0 }
  const links = new Set<Link>()
  let swallowed: (() => void) | undefined
  let peak = 0
  let received = 0

  const count = (): boolean => {
    received++
    return true
  }

  const keepReply = (): boolean => {
    swallowed?.()
    return swallowed === undefined
  }

  const join = (client: Socket): void => {
    const server = connect({ ...target, allowHalfOpen: true, noDelay: true })
    const over = {
      dead: false,
      get held() {
        return this.dead || weather.held
      },
      get delay() {
        return weather.delay
      },
    }
    const directions = [
      direct(client, server, over, count),
      direct(server, client, over, keepReply),
    ]
    const link = { over, client, server, directions }
    links.add(link)
    peak = Math.max(peak, links.size)
    // the server does not learn that the client of a dead connection has left
    client.once('close', () => over.dead || links.delete(link))
  }

  const open = (): Server =>
    createServer({ allowHalfOpen: true, noDelay: true }, join).on('error', () => {})

  const flush = (): void => {
    for (const direction of [...links].flatMap((link) => link.directions)) direction.flush()
  }

  const cut = (): void => {
    swallowed = undefined
    for (const link of [...links]) reset(link)
  }

  let listener = open()
  const port = await listen(listener, 0)

  const refuse = (): void => {
    listener.close()
    cut()
  }

  return {
    host: '127.0.0.1',
    port,
    url: (scheme) => `${scheme}://127.0.0.1:${port}`,
    cut,
    refuse,
    async accept() {
      if (listener.listening) return
      listener = open()
      await listen(listener, port)
    },
    pause() {
      weather.held = true
    },
    halfOpen(newest = links.size) {
      for (const link of [...links].slice(-newest)) link.over.dead = true
    },
    resume() {
      weather.held = false
      flush()
    },
    dropReplies() {
      const { promise, resolve } = Promise.withResolvers<void>()
      swallowed = resolve
      return promise
    },
    delay(milliseconds) {
      weather.delay = milliseconds
    },
    get connections() {
      return [...links].filter(({ over }) => !over.dead).length
    },
    get peak() {
      return peak
    },
    get received() {
      return received
    },
    async stop() {
      const closed = listener.listening ? once(listener, 'close') : undefined
      refuse()
      await closed
    },
  }
}
