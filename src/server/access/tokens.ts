import { createHash, timingSafeEqual } from 'node:crypto'
import { SCOPES, type Scope } from './scope.ts'

/** A token and what it is good for. */
export interface Grant {
  readonly token: string
  readonly scopes: readonly Scope[]
}

/** A token that is good for everything. */
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

  /** Whether everybody is let in. */
  get none(): boolean {
    return this.#known.length === 0
  }

  /** What a token is good for; `undefined` for a wrong one. Takes the same time whichever it is. */
  scopesOf(given: string): ReadonlySet<Scope> | undefined {
    const wanted = digest(given)
    let found: ReadonlySet<Scope> | undefined
    for (const known of this.#known) {
      // no early end: the time would tell which one it is
      if (timingSafeEqual(known.digest, wanted)) found = known.scopes
    }
    return found
  }
}
