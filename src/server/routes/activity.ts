import type { FastifyInstance } from 'fastify'
import Type from 'typebox'
import type { ServerContext } from '../context.ts'
import { type Description, described, ok } from '../described.ts'
import { SSE } from '../server-sent-events.ts'
import { beginStream, onlyHead } from '../stream.ts'

const WHOLE: Description = {
  tag: 'server',
  scope: 'read',
  summary: 'Who waits and has waited for what, and what was signalled by whom.',
  answers: {
    200: ok('What the live page shows.', {
      server: Type.Object({}, { description: 'The server, its store and its clock.' }),
      status: Type.Array(Type.Object({}), { description: 'As rdv status --json has it.' }),
      waits: Type.Array(Type.Object({}), { description: 'Oldest first.' }),
      unlisted: Type.Integer({ description: 'How many more wait.' }),
      signals: Type.Array(Type.Object({}), { description: 'Oldest first.' }),
    }),
  },
}

const EVENTS: Description = {
  tag: 'server',
  scope: 'read',
  summary: 'The same, and then everything that happens.',
  produces: [SSE.contentType],
  streams: true,
  answers: { 200: Type.String({ description: 'Server-Sent Events.' }) },
}

/** `GET /_activity`: what is going on, whole. `GET /_events`: the same, and what happens from then on. */
export const activityRoutes = (app: FastifyInstance, { activity, open }: ServerContext): void => {
  app.get('/_activity', described(WHOLE), async () => ({ ok: true, ...(await activity.read()) }))
  app.get('/_events', described(EVENTS), async (_, reply) => {
    if (onlyHead(reply, SSE.contentType)) return
    const signal = open.begin(reply.raw)
    await activity.show(beginStream(reply, SSE.contentType), signal)
  })
}
