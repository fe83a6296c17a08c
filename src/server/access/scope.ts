/** The permissions that a token can have. No scope includes another. */
export const SCOPES = ['read', 'signal', 'probe', 'admin'] as const

export type Scope = (typeof SCOPES)[number]

/** The requirement of a route: a scope, any token, or nothing. */
export type RequiredScope = Scope | 'any' | 'public'

/** The requirement of a route that declares none. */
export const STRICTEST_SCOPE: RequiredScope = 'admin'

/** Returns the scope for a path on which `GET` reads or waits, and every other method changes something. */
export const scopeOf = (method: string): Scope => (method === 'GET' ? 'read' : 'signal')

declare module 'fastify' {
  interface FastifyContextConfig {
    scope?: RequiredScope
    /** The requirement for a browser that gets the live page instead. */
    page?: RequiredScope | undefined
  }
}
