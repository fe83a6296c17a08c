import type { FastifyInstance } from 'fastify'
import Type from 'typebox'
import type { ServerContext } from '../context.ts'
import { type Description, described, ok } from '../described.ts'
import { epochOf } from '../epoch.ts'

const HEALTH: Description = {
  tag: 'server',
  scope: 'public',
  summary: 'Whether the store answers; needs no token.',
  answers: {
    200: ok('It does. Who has the token sees more.', {
      version: Type.Optional(Type.String()),
      backend: Type.Optional(Type.String()),
      durable: Type.Optional(
        Type.Boolean({ description: 'Whether what was acknowledged outlives the server.' }),
      ),
      epoch: Type.Optional(Type.String({ description: 'Names one life of the store.' })),
    }),
  },
}

/** `GET /_health`: 200 while the store answers, else 503. Open to all, but only who has the token sees more. */
export const healthRoute = (app: FastifyInstance, context: ServerContext): void => {
  const { store, version, access } = context
  app.get('/_health', described(HEALTH), async (request) => {
    await store.get(`${context.space.namespace}/id/health`)
    if (!access.authorized(request)) return { ok: true }
    const durable = store.traits.reach !== 'process'
    return { ok: true, version, backend: store.address, durable, epoch: epochOf(store) }
  })
}
