import type { ServerResponse } from 'node:http'
import type { FastifyReply } from 'fastify'
import { errorToWire } from '../../../backends/http/wire-error.ts'
import { aborted } from '../../../base/abort.ts'
import { withDeadline } from '../../../recipes/core/deadline.ts'
import { connectionOf, readConnections } from '../../http/connection-table.ts'
import { beginStream, breakOff, LINES } from '../../http/stream.ts'

/** Milliseconds between two heartbeats. */
const HEARTBEAT_INTERVAL = 1_500

/** A client has vanished if its system leaves this many heartbeats in a row unconfirmed. */
const MAX_MISSED_HEARTBEATS = 2

/** Milliseconds for the release of an ownership. After that, the end of its TTL releases it. */
const RELEASE_LIMIT = 5_000

/** An ownership that a client has while its connection is open. */
export interface Holding {
  /** The first line of the response. */
  readonly greeting: object
  /** Aborts some time before the ownership is lost. The client gets the report at that moment. */
  readonly expiring: AbortSignal
  readonly lost: AbortSignal
  giveUp(signal: AbortSignal): Promise<void>
}

interface Connection {
  readonly response: ServerResponse
  /** The name in the kernel's table. */
  readonly name: string | undefined
  /** The number of heartbeats in a row that were not confirmed. */
  silent: number
}

/** Connections that hold an ownership exactly as long as they are open. */
export class HeldConnections {
  readonly #open = new Set<Connection>()
  readonly #givingUp = new Set<Promise<void>>()
  #heartbeats: NodeJS.Timeout | undefined

  /**
   * Answers with one line of JSON, then with an empty line as a heartbeat every 1.5 seconds. When the client goes, the
   * ownership is released at once. When the ownership is lost, or the server stops, a last line says why, and the
   * stream breaks off.
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

  /** Resolves when all ownerships have been released. */
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

  /** Checks whether the last heartbeat was confirmed, then sends the next one. */
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
