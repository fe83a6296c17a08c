import type { FastifyInstance } from 'fastify'
import type { ServerContext } from '../context.ts'
import { epochOf } from '../epoch.ts'

/** `GET /_health`: 200 while the store answers, else 503. Open to all, but only who has the token sees more. */
export const healthRoute = (app: FastifyInstance, context: ServerContext): void => {
  const { store, version, access } = context
  app.get('/_health', { config: { scope: 'public' } }, async (request) => {
    await store.get(`${context.space.namespace}/id/health`)
    if (!access.authorized(request)) return { ok: true }
    const durable = store.traits.reach !== 'process'
    return { ok: true, version, backend: store.address, durable, epoch: epochOf(store) }
  })
}
