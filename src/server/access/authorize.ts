import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify'
import type { ServerContext } from '../context.ts'
import { commonHeaders } from '../http/common-headers.ts'
import { wantsPage } from '../routes/page.ts'
import { type RequiredScope, STRICTEST_SCOPE } from './scope.ts'

const undeclared = new WeakMap<FastifyInstance, string[]>()

/** Returns the routes that declare no scope. Only a token with the scope `admin` may use them. */
export const undeclaredRoutes = (app: FastifyInstance): readonly string[] =>
  undeclared.get(app) ?? []

/** Authorizes every request before any other processing. Must be called before the routes are added. */
export const authorize = (app: FastifyInstance, { store, access }: ServerContext): void => {
  const missing: string[] = []
  undeclared.set(app, missing)
  app.addHook('onRoute', (route) => {
    if (!route.config?.scope) missing.push(nameOf(route))
  })
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(commonHeaders(store))
    const refusal = access.refusal(request, needOf(request))
    if (refusal) return refuse(reply, refusal.status, refusal.body, refusal.challenge)
  })
}

/** A request without a route needs any token, so that every client with a token gets the same answer. */
const needOf = (request: FastifyRequest): RequiredScope => {
  const { config } = request.routeOptions
  if (request.is404) return 'any'
  return (wantsPage(request) ? config.page : undefined) ?? config.scope ?? STRICTEST_SCOPE
}

const refuse = (reply: FastifyReply, status: number, body: object, challenge?: string) => {
  if (challenge) reply.header('www-authenticate', challenge)
  return reply.code(status).send(body)
}

const nameOf = ({ method, url }: RouteOptions): string => `${[method].flat().join(', ')} ${url}`
