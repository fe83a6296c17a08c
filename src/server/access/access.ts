import type { FastifyRequest } from 'fastify'
import { type Failure, refused } from '../http/responses.ts'
import type { ServerOptions } from '../options.ts'
import { foreignPage } from './foreign-page.ts'
import { ambiguousHeaders, bearerOf } from './headers.ts'
import { Hosts } from './host.ts'
import type { RequiredScope } from './scope.ts'
import { everything, type Grant, Tokens } from './tokens.ts'

/** The refusal of a request, with the challenge for its client. */
export interface Refusal extends Failure {
  readonly challenge?: string
}

/** Authorizes the requests to a server. */
export class Access {
  #tokens: Tokens
  readonly #hosts: Hosts
  /**
   * Whether the server has tokens or TLS. A page under a foreign name has no token, and the server has no certificate
   * for that name.
   */
  readonly #protected: boolean
  readonly #checksHosts: boolean

  constructor({ token, tokens = [], tls, allowHosts }: ServerOptions) {
    this.#tokens = new Tokens(token === undefined ? tokens : [everything(token), ...tokens])
    this.#hosts = new Hosts(allowHosts)
    this.#protected = !this.#tokens.none || tls !== undefined
    this.#checksHosts = !this.#protected || allowHosts !== undefined
  }

  /** Replaces the accepted tokens. */
  replaceTokens(tokens: readonly Grant[]): void {
    this.#tokens = new Tokens(tokens)
  }

  /** Whether the request carries an accepted token. Always true if the server has no tokens. */
  authorized(request: FastifyRequest): boolean {
    return this.#refusalOfToken(request, 'any') === undefined
  }

  /** Returns the reason why a request is refused, or `undefined` if it is authorized. */
  refusal(request: FastifyRequest, need: RequiredScope): Refusal | undefined {
    return (
      ambiguousHeaders(request) ??
      (this.#checksHosts ? this.#hosts.refusal(request) : undefined) ??
      foreignPage(request, this.#hosts, this.#protected) ??
      this.#refusalOfToken(request, need)
    )
  }

  #refusalOfToken(request: FastifyRequest, need: RequiredScope): Refusal | undefined {
    if (need === 'public' || this.#tokens.none) return undefined
    const given = bearerOf(request)
    const scopes = given === undefined ? undefined : this.#tokens.scopesOf(given)
    if (!scopes) return NEEDS_TOKEN
    return need === 'any' || scopes.has(need) ? undefined : needsScope(need)
  }
}

const NEEDS_TOKEN: Refusal = {
  ...refused(401, 'a token is required: send it as "Authorization: Bearer TOKEN"'),
  challenge: 'Bearer',
}

const needsScope = (need: RequiredScope): Refusal => ({
  ...refused(403, `this token is not authorized: it does not have the scope ${need}`),
  challenge: `Bearer error="insufficient_scope", scope="${need}"`,
})
