/** What a token lets its bearer do. None of them includes another. */
export const SCOPES = ['read', 'signal', 'probe', 'admin'] as const

export type Scope = (typeof SCOPES)[number]

/** What a route asks of who calls it: a scope, any token at all, or nothing. */
export type RequiredScope = Scope | 'any' | 'public'

/** What a route needs that does not say it. */
export const STRICTEST_SCOPE: RequiredScope = 'admin'

/** Of a path on which `GET` looks or waits, and every other method changes something. */
export const scopeOf = (method: string): Scope => (method === 'GET' ? 'read' : 'signal')

declare module 'fastify' {
  interface FastifyContextConfig {
    scope?: RequiredScope
    /** Where a browser gets the live page in its place. */
    page?: RequiredScope | undefined
  }
}
