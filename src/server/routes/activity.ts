import type { FastifyInstance } from 'fastify'
import type { ServerContext } from '../context.ts'

/** `GET /_activity`: what is going on, whole. `GET /_events`: the same, and what happens from then on. */
export const activityRoutes = (app: FastifyInstance, { activity, open }: ServerContext): void => {
  app.get('/_activity', async () => ({ ok: true, ...(await activity.read()) }))
  app.get('/_events', async (_, reply) => {
    const signal = open.begin(reply.raw)
    reply.hijack()
    reply.raw.writeHead(200, {
      ...(reply.getHeaders() as Record<string, string>),
      connection: 'close',
      'content-type': 'text/event-stream',
      'x-accel-buffering': 'no',
    })
    reply.raw.flushHeaders()
    await activity.show(reply.raw, signal)
  })
}
