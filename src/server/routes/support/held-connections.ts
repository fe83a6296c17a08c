import type { ServerResponse } from 'node:http'
import type { FastifyReply } from 'fastify'
import { errorToWire } from '../../../backends/http/wire-error.ts'
import { aborted } from '../../../base/abort.ts'
import { withDeadline } from '../../../recipes/core/deadline.ts'
import { connectionOf, readConnections } from '../../http/connection-table.ts'
import { beginStream, breakOff, LINES } from '../../http/stream.ts'

/** Milliseconds between two heartbeats. */
const HEARTBEAT_INTERVAL = 1_500

/** A client has vanished whose system leaves heartbeats unconfirmed this many times in a row. */
const MAX_MISSED_HEARTBEATS = 2

/** Milliseconds that giving up may take; the TTL does it otherwise. */
const RELEASE_LIMIT = 5_000

/** What is held while a connection is open. */
export interface Holding {
  /** The first line. */
  readonly greeting: object
  /** Aborts while there is still some time until it is lost: the client is told then. */
  readonly expiring: AbortSignal
  readonly lost: AbortSignal
  giveUp(signal: AbortSignal): Promise<void>
}

interface Connection {
  readonly response: ServerResponse
  /** In the kernel's table. */
  readonly name: string | undefined
  /** How many times in a row a heartbeat was not confirmed. */
  silent: number
}

/** Connections that hold something exactly as long as they are open. */
export class HeldConnections {
  readonly #open = new Set<Connection>()
  readonly #givingUp = new Set<Promise<void>>()
  #heartbeats: NodeJS.Timeout | undefined

  /**
   * Answers with one line of JSON, then an empty line as a heartbeat every one and a half seconds. When the client goes, what is
   * held is given up at once. When that is lost, or the server ends, a last line tells why, and the stream is broken off.
   */
  async hold(reply: FastifyReply, holding: Holding, signal: AbortSignal): Promise<void> {
    const response = beginStream(reply, LINES)
    const connection = { response, name: connectionOf(response.socket), silent: 0 }
    this.#add(connection)
    try {
      response.write(`${JSON.stringify(holding.greeting)}\n`)
      await aborted(AbortSignal.any([signal, holding.expiring, holding.lost]))
    } catch (error) {
      breakOff(response, `${JSON.stringify(errorToWire(error))}\n`)
    } finally {
      this.#remove(connection)
      await this.#giveUp(holding)
    }
  }

  /** Resolves when everything has been given up. */
  async ended(): Promise<void> {
    await Promise.all(this.#givingUp)
  }

  async #giveUp(holding: Holding): Promise<void> {
    const done = withDeadline({ timeout: RELEASE_LIMIT }, (limit) => holding.giveUp(limit))
    this.#givingUp.add(done)
    await done.finally(() => this.#givingUp.delete(done))
  }

  #add(connection: Connection): void {
    this.#open.add(connection)
    this.#heartbeats ??= setInterval(() => void this.#sendHeartbeats(), HEARTBEAT_INTERVAL)
  }

  #remove(connection: Connection): void {
    this.#open.delete(connection)
    if (this.#open.size > 0) return
    clearInterval(this.#heartbeats)
    this.#heartbeats = undefined
  }

  /** Looks for the last heartbeat, then sends the next one. */
  async #sendHeartbeats(): Promise<void> {
    const table = await readConnections()
    for (const connection of this.#open) {
      const { response, name } = connection
      const isSilent = table.get(name ?? '')?.confirmed === false
      connection.silent = isSilent ? connection.silent + 1 : 0
      if (connection.silent >= MAX_MISSED_HEARTBEATS) response.destroy()
      else if (!response.writableNeedDrain) response.write('\n')
    }
  }
}
