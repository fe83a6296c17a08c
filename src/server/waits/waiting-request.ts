import type { ServerResponse } from 'node:http'
import { TimeoutError } from '../../base/errors.ts'
import type { Wait } from '../activity/wait.ts'
import type { ServerContext } from '../context.ts'
import { commonHeaders } from '../http/common-headers.ts'
import { failureOf, OK, timedOut } from '../http/responses.ts'
import { hintFor } from './hints.ts'
import type { SharedWait, Waiter } from './shared-wait.ts'

interface WaitingRequestOptions {
  readonly context: ServerContext
  readonly response: ServerResponse
  readonly method: string
  /** The route under which the metrics count it. */
  readonly route: string
  readonly wait: Wait
  readonly shared: SharedWait
}

/**
 * A waiting `GET`, which is answered by Node directly. There may be very many of them, and the framework's data for
 * each takes more memory than all other data together.
 */
export class WaitingRequest implements Waiter {
  readonly #about: WaitingRequestOptions
  #settled = false

  constructor(about: WaitingRequestOptions) {
    this.#about = about
  }

  resolve(): void {
    if (!this.#settle()) return
    const { context, wait } = this.#about
    context.waits.released(wait)
    this.#answer(200, OK)
  }

  reject(error: unknown): void {
    if (!this.#settle()) return
    const { context, wait } = this.#about
    context.waits.failed(wait, error)
    if (error instanceof TimeoutError) void this.#timedOut(error)
    else this.#fail(error)
  }

  /** Ends the request because the client has gone, or the server stops. */
  abort(reason: unknown): void {
    this.reject(reason)
  }

  #settle(): boolean {
    if (this.#settled) return false
    this.#settled = true
    this.#about.shared.leave(this)
    return true
  }

  async #timedOut(error: TimeoutError): Promise<void> {
    const { context, wait } = this.#about
    const name = (wait.path ?? '').slice(1)
    const hint = await hintFor(context, name, error).catch(() => undefined)
    const { status, body } = timedOut(hint)
    this.#answer(status, body)
  }

  #fail(error: unknown): void {
    const { status, body } = failureOf(error)
    if (body.kind === 'internal') this.#about.context.report(error)
    this.#answer(status, body)
  }

  #answer(status: number, body: object): void {
    const { context, response, method, route } = this.#about
    if (response.destroyed) return
    const text = JSON.stringify(body)
    response.writeHead(status, {
      ...commonHeaders(context.store),
      'content-type': 'application/json; charset=utf-8',
      'content-length': Buffer.byteLength(text),
      ...(context.open.ended && { connection: 'close' }),
    })
    response.end(text)
    context.metrics.answered(method, route, status)
  }
}
