import { Code, codeOf } from './failure.ts'
import type { Login } from './location.ts'

/** On its way, or here; none where the server asks for none. */
export type Token = Promise<string | undefined>

/** Asks a server for a token; gives up with the signal. */
export type Authenticate = (login: Login, signal: AbortSignal) => Promise<string>

/** Milliseconds that a server may take to give a token. */
const AUTHENTICATE_LIMIT = 5_000

/** The token of one connection, asked for when a call needs it first. */
export class TokenCache {
  readonly #login: Login | undefined
  readonly #authenticate: Authenticate
  readonly #closing: AbortSignal
  #token: Token | undefined

  constructor(login: Login | undefined, closing: AbortSignal, authenticate: Authenticate) {
    this.#login = login
    this.#closing = closing
    this.#authenticate = authenticate
  }

  get token(): Token | undefined {
    return this.#token
  }

  /** Asks for a new one with the next call, unless that was done since. */
  forget(token: Token | undefined): void {
    if (this.#token === token) this.#token = undefined
  }

  /**
   * Runs `body` again with a new token if the old one may be stale: servers forget tokens when they start, and when
   * users are changed. What a token was refused for was not begun, so that this holds for writes too.
   */
  async during<T>(body: () => Promise<T>): Promise<T> {
    const token = this.get()
    await token
    try {
      return await body()
    } catch (error) {
      if (!this.#login || !mayBeStale(error)) throw error
      this.forget(token)
    }
    return body()
  }

  get(): Token {
    this.#token ??= this.#ask().catch((error) => {
      this.#token = undefined
      throw error
    })
    return this.#token
  }

  /** A server without authentication takes calls of any user, as etcdctl has it. */
  async #ask(): Promise<string | undefined> {
    if (!this.#login) return undefined
    const signal = AbortSignal.any([AbortSignal.timeout(AUTHENTICATE_LIMIT), this.#closing])
    try {
      return await this.#authenticate(this.#login, signal)
    } catch (error) {
      if (codeOf(error) === Code.failedPrecondition) return undefined
      throw error
    }
  }
}

/** Unauthenticated, or InvalidArgument, as etcd says where users were changed since, or no token came. */
const mayBeStale = (error: unknown): boolean =>
  codeOf(error) === Code.unauthenticated || codeOf(error) === Code.invalidArgument
