import type { FastifyInstance } from 'fastify'
import Type from 'typebox'
import type { ServerContext } from '../context.ts'
import { SSE } from '../events/server-sent-events.ts'
import { beginStream, onlyHead } from '../http/stream.ts'
import { ok, openapi, type RouteDescription } from './support/openapi.ts'

const WHOLE: RouteDescription = {
  tag: 'server',
  scope: 'read',
  summary: 'Returns waits, signals and the status of the namespace.',
  answers: {
    200: ok('Data of the live page.', {
      server: Type.Object({}, { description: 'The server, its store and its clock.' }),
      status: Type.Array(Type.Object({}), {
        description: 'As in the output of rdv status --json.',
      }),
      waits: Type.Array(Type.Object({}), { description: 'Oldest first.' }),
      unlisted: Type.Integer({ description: 'Number of waits that are not listed.' }),
      signals: Type.Array(Type.Object({}), { description: 'Oldest first.' }),
    }),
  },
}

const EVENTS: RouteDescription = {
  tag: 'server',
  scope: 'read',
  summary: 'Streams the same data, then each event.',
  produces: [SSE.contentType],
  streams: true,
  answers: { 200: Type.String({ description: 'Server-Sent Events.' }) },
}

/** `GET /_activity` returns the current activity. `GET /_events` sends it too, and then each event. */
export const activityRoutes = (app: FastifyInstance, { activity, open }: ServerContext): void => {
  app.get('/_activity', openapi(WHOLE), async () => ({ ok: true, ...(await activity.read()) }))
  app.get('/_events', openapi(EVENTS), async (_, reply) => {
    if (onlyHead(reply, SSE.contentType)) return
    const signal = open.begin(reply.raw)
    await activity.show(beginStream(reply, SSE.contentType), signal)
  })
}
