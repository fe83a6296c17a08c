import { createHash, timingSafeEqual } from 'node:crypto'
import { SCOPES, type Scope } from './scope.ts'

/** A token and its scopes. */
export interface Grant {
  readonly token: string
  readonly scopes: readonly Scope[]
}

/** Grants all scopes to a token. */
export const everything = (token: string): Grant => ({ token, scopes: SCOPES })

interface Known {
  readonly digest: Buffer
  readonly scopes: ReadonlySet<Scope>
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()

/** The tokens that a server accepts. */
export class Tokens {
  readonly #known: readonly Known[]

  constructor(grants: readonly Grant[]) {
    this.#known = grants.map(({ token, scopes }) => ({
      digest: digest(token),
      scopes: new Set(scopes),
    }))
  }

  /** Whether there are no tokens, so that every request is authorized. */
  get none(): boolean {
    return this.#known.length === 0
  }

  /**
   * Returns the scopes of a token, or `undefined` for a wrong token. The time that it takes does not depend on the
   * token.
   */
  scopesOf(given: string): ReadonlySet<Scope> | undefined {
    const wanted = digest(given)
    let found: ReadonlySet<Scope> | undefined
    for (const known of this.#known) {
      // An early exit would reveal by its time which token it is.
      if (timingSafeEqual(known.digest, wanted)) found = known.scopes
    }
    return found
  }
}
