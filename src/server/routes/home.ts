import type { FastifyInstance } from 'fastify'
import Type from 'typebox'
import { list } from '../../recipes/list.ts'
import type { ServerContext } from '../context.ts'
import { IMMEDIATE } from '../waits/handle-wait.ts'
import { sendPage, wantsPage } from './page.ts'
import { ok, openapi, type RouteDescription } from './support/openapi.ts'

const HOME: RouteDescription = {
  tag: 'server',
  scope: 'read',
  // The page contains no data, and asks for a token itself.
  page: 'public',
  summary: 'Lists awaited and signalled paths.',
  answers: {
    200: ok('Paths, with a leading slash.', {
      waiting_and_failed: Type.Array(Type.String(), {
        description: 'Paths of pending and failed waits.',
      }),
      marked: Type.Array(Type.String(), {
        description: 'Paths that were signalled or that are up.',
      }),
    }),
  },
}

/** `GET /` returns the awaited and the signalled paths. A browser gets the live page. */
export const homeRoute = (app: FastifyInstance, { namespace, waits }: ServerContext): void => {
  app.get('/', openapi(HOME), async (request, reply) => {
    reply.header('vary', 'accept')
    if (wantsPage(request)) return sendPage(request, reply)
    const signals = await list(namespace, '', IMMEDIATE)
    const marked = [...signals.map(({ key }) => `/${key}`), ...waits.probedPaths]
    return { ok: true, waiting_and_failed: waits.waitingAndFailed(new Set(marked)), marked }
  })
}
