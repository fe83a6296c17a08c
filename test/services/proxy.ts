import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { type Direction, direct, type Weather } from './direction.ts'

/** A TCP proxy in front of a server, which fails as networks do. */
export interface TcpProxy {
  readonly host: string
  readonly port: number
  /** The proxy's address as a backend or probe is given it. */
  url(scheme: string): string
  /** Resets every connection, and ends `dropReplies`. New connections work. */
  cut(): void
  /** Resets every connection and refuses new ones (ECONNREFUSED) until `accept`. */
  refuse(): void
  /** Takes connections again, on the same port. */
  accept(): Promise<void>
  /** A black hole: connections stay, new ones open, nothing flows either way. */
  pause(): void
  /**
   * The connections that are open now, or the `newest` of them, become half-open: both ends keep them, and nothing that is
   * sent on them arrives any more. New ones work.
   */
  halfOpen(newest?: number): void
  /** What was held flows on. */
  resume(): void
  /**
   * Requests reach the server, its replies are swallowed, on open and on new connections, until `cut`.
   * Resolves when the first reply was swallowed: the server has then acted on a request.
   */
  dropReplies(): Promise<void>
  /** Every piece that arrives from now on leaves this many milliseconds later. */
  delay(milliseconds: number): void
  /** How many connections are open. A half-open one no longer counts. */
  readonly connections: number
  /** The most that were open at the same time. */
  readonly peak: number
  /** In how many pieces clients have sent what they did: each of their requests is one at least. */
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
    // the server is not told that the client of a dead one has left
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
