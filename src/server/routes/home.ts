import type { FastifyInstance } from 'fastify'
import { list } from '../../recipes/list.ts'
import type { ServerContext } from '../context.ts'

/** Milliseconds that the store may take. */
const LIMIT = 5_000

/** `GET /`: who waits for what, and what was signalled. */
export const homeRoute = (app: FastifyInstance, { space, waits }: ServerContext): void => {
  app.get('/', { config: { scope: 'read' } }, async () => {
    const signals = await list(space, '', { timeout: LIMIT })
    const marked = [...signals.map(({ key }) => `/${key}`), ...waits.probedPaths]
    return { ok: true, waiting_and_failed: waits.waitingAndFailed(new Set(marked)), marked }
  })
}
