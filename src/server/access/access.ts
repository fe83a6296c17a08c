import type { FastifyRequest } from 'fastify'
import { type Failure, refused } from '../http/responses.ts'
import type { ServerOptions } from '../options.ts'
import { foreignPage } from './foreign-page.ts'
import { ambiguousHeaders, bearerOf } from './headers.ts'
import { Hosts } from './host.ts'
import type { RequiredScope } from './scope.ts'
import { everything, type Grant, Tokens } from './tokens.ts'

/** A request that is not carried out, and what its client is challenged with. */
export interface Refusal extends Failure {
  readonly challenge?: string
}

/** Who may do what on a server. */
export class Access {
  #tokens: Tokens
  readonly #hosts: Hosts
  /** A page of another name has no token, and the server no certificate of that name. */
  readonly #protected: boolean
  readonly #checksHosts: boolean

  constructor({ token, tokens = [], tls, allowHosts }: ServerOptions) {
    this.#tokens = new Tokens(token === undefined ? tokens : [everything(token), ...tokens])
    this.#hosts = new Hosts(allowHosts)
    this.#protected = !this.#tokens.none || tls !== undefined
    this.#checksHosts = !this.#protected || allowHosts !== undefined
  }

  /** From now on these are accepted, and no others. */
  replaceTokens(tokens: readonly Grant[]): void {
    this.#tokens = new Tokens(tokens)
  }

  /** Whether the request carries a token, if there are any. */
  authorized(request: FastifyRequest): boolean {
    return this.#refusalOfToken(request, 'any') === undefined
  }

  /** Why a request is not carried out; `undefined`: it is. */
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
