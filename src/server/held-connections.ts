import type { ServerResponse } from 'node:http'
import type { FastifyReply } from 'fastify'
import { aborted } from '../aborted.ts'
import { errorToWire } from '../backends/http/wire-error.ts'
import { withDeadline } from '../recipes/deadline.ts'
import { connectionOf, readConnections } from './connection-table.ts'
import { beginStream, breakOff, LINES } from './stream.ts'

/** Milliseconds between two heartbeats. */
const HEARTBEAT = 1_500

/** A client has vanished whose system leaves heartbeats unconfirmed this many times in a row. */
const PATIENCE = 2

/** Milliseconds that giving up may take; the TTL does it otherwise. */
const GIVING_UP = 5_000

/** What is held while a connection is open. */
export interface Tenure {
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
  #heart: NodeJS.Timeout | undefined

  /**
   * Answers with one line of JSON, then an empty line as a heartbeat every one and a half seconds. When the client goes, what is
   * held is given up at once. When that is lost, or the server ends, a last line tells why, and the stream is broken off.
   */
  async hold(reply: FastifyReply, tenure: Tenure, signal: AbortSignal): Promise<void> {
    const response = beginStream(reply, LINES)
    const connection = { response, name: connectionOf(response.socket), silent: 0 }
    this.#add(connection)
    try {
      response.write(`${JSON.stringify(tenure.greeting)}\n`)
      await aborted(AbortSignal.any([signal, tenure.expiring, tenure.lost]))
    } catch (error) {
      breakOff(response, `${JSON.stringify(errorToWire(error))}\n`)
    } finally {
      this.#remove(connection)
      await this.#giveUp(tenure)
    }
  }

  /** Resolves when everything has been given up. */
  async ended(): Promise<void> {
    await Promise.all(this.#givingUp)
  }

  async #giveUp(tenure: Tenure): Promise<void> {
    const done = withDeadline({ timeout: GIVING_UP }, (limit) => tenure.giveUp(limit))
    this.#givingUp.add(done)
    await done.finally(() => this.#givingUp.delete(done))
  }

  #add(connection: Connection): void {
    this.#open.add(connection)
    this.#heart ??= setInterval(() => void this.#beat(), HEARTBEAT)
  }

  #remove(connection: Connection): void {
    this.#open.delete(connection)
    if (this.#open.size > 0) return
    clearInterval(this.#heart)
    this.#heart = undefined
  }

  /** Looks for the last heartbeat, then sends the next one. */
  async #beat(): Promise<void> {
    const table = await readConnections()
    for (const connection of this.#open) {
      const { response, name } = connection
      const isSilent = table.get(name ?? '')?.confirmed === false
      connection.silent = isSilent ? connection.silent + 1 : 0
      if (connection.silent >= PATIENCE) response.destroy()
      else if (!response.writableNeedDrain) response.write('\n')
    }
  }
}
