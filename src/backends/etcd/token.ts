import { Code, codeOf } from './failure.ts'
import type { Login } from './location.ts'

/** A token that was asked for. Resolves to `undefined` if the server does not ask for tokens. */
export type Token = Promise<string | undefined>

/** Asks a server for a token. The signal ends the request. */
export type Authenticate = (login: Login, signal: AbortSignal) => Promise<string>

/** Milliseconds that a server may take to give a token. */
const AUTHENTICATE_LIMIT = 5_000

/** The token of one connection. The first call that needs it asks for it. */
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

  /** Makes the next call ask for a new token, unless this token was already replaced. */
  forget(token: Token | undefined): void {
    if (this.#token === token) this.#token = undefined
  }

  /**
   * Runs `body` again with a new token if the old one may be stale: servers forget tokens when they start, and when
   * users are changed. A request that was refused because of its token was not begun, so this is safe for writes too.
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

  /** A server without authentication accepts calls of any user, so no token is needed. etcdctl does the same. */
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

/** Unauthenticated, or InvalidArgument, with which etcd answers if users were changed since or no token arrived. */
const mayBeStale = (error: unknown): boolean =>
  codeOf(error) === Code.unauthenticated || codeOf(error) === Code.invalidArgument
