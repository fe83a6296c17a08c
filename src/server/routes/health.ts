import type { FastifyInstance } from 'fastify'
import Type from 'typebox'
import type { ServerContext } from '../context.ts'
import { epochOf } from '../protocol/epoch.ts'
import { ok, openapi, type RouteDescription } from './support/openapi.ts'

const HEALTH: RouteDescription = {
  tag: 'server',
  scope: 'public',
  summary: 'Checks whether the store answers. Requires no token.',
  answers: {
    200: ok('The store answers. Authorized clients get all fields.', {
      version: Type.Optional(Type.String()),
      backend: Type.Optional(Type.String()),
      durable: Type.Optional(
        Type.Boolean({ description: 'Whether acknowledged data survives the end of the server.' }),
      ),
      epoch: Type.Optional(
        Type.String({
          description: 'Epoch of the store; it changes when the store is created anew.',
        }),
      ),
    }),
  },
}

/**
 * `GET /_health`: 200 while the store answers, otherwise 503. Every client may ask, but only an authorized client gets
 * all fields.
 */
export const healthRoute = (app: FastifyInstance, context: ServerContext): void => {
  const { store, version, access } = context
  app.get('/_health', openapi(HEALTH), async (request) => {
    await store.get(`${context.namespace.name}/id/health`)
    if (!access.authorized(request)) return { ok: true }
    const durable = store.traits.reach !== 'process'
    return { ok: true, version, backend: store.address, durable, epoch: epochOf(store) }
  })
}
