import type { FastifyInstance } from 'fastify'
import { list } from '../../recipes/list.ts'
import type { ServerContext } from '../context.ts'
import { sendPage, wantsPage } from './page.ts'

/** Milliseconds that the store may take. */
const LIMIT = 5_000

/** `GET /`: who waits for what, and what was signalled; a browser gets the live page. */
export const homeRoute = (app: FastifyInstance, { space, waits }: ServerContext): void => {
  app.get('/', async (request, reply) => {
    reply.header('vary', 'accept')
    if (wantsPage(request)) return sendPage(request, reply)
    const signals = await list(space, '', { timeout: LIMIT })
    const marked = [...signals.map(({ key }) => `/${key}`), ...waits.probedPaths]
    return { ok: true, waiting_and_failed: waits.waitingAndFailed(new Set(marked)), marked }
  })
}
