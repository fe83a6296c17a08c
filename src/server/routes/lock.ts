import type { FastifyInstance } from 'fastify'
import Type from 'typebox'
import { Lock } from '../../recipes/lock.ts'
import { queueStatus } from '../../recipes/status/status.ts'
import { actingFor, clientOf } from '../activity/client.ts'
import type { ServerContext } from '../context.ts'
import { LINES } from '../http/stream.ts'
import { handleWait, IMMEDIATE } from '../waits/handle-wait.ts'
import type { HeldConnections, Holding } from './support/held-connections.ts'
import { ok } from './support/openapi.ts'
import { ownershipParameters } from './support/ownership-parameters.ts'
import { count } from './support/parameters.ts'
import { action, recipeRoutes } from './support/recipe-route.ts'

/** `/_lock/NAME` */
export const lockRoutes = (
  app: FastifyInstance,
  context: ServerContext,
  held: HeldConnections,
): void =>
  recipeRoutes(app, 'lock', 'lock', [
    action({
      method: 'GET',
      summary: 'Lists the holders and the waiters of a lock.',
      answers: {
        200: ok('Holders and waiters in the order of their arrival.', {
          queue: Type.Array(
            Type.Object({
              state: Type.String({ description: 'holds or waits' }),
              by: Type.Optional(Type.String({ description: 'Name of a client of the server.' })),
              host: Type.Optional(
                Type.String({ description: 'Host name; absent for other programs.' }),
              ),
              pid: Type.Optional(Type.Integer()),
              since: Type.Optional(Type.String()),
            }),
          ),
        }),
      },
      parameters: {},
      async handle({ name }) {
        const rows = await queueStatus(context.namespace, 'lock', name, IMMEDIATE)
        return {
          ok: true,
          queue: rows.map(({ state, holder }) => ({
            ...{ state, by: holder?.by },
            ...{ host: holder?.host, pid: holder?.pid, since: holder?.since },
          })),
        }
      },
    }),
    action({
      method: 'POST',
      summary: 'Waits for a lock, and holds it while the connection is open.',
      description:
        'Use curl -N. The first line has the token, then an empty line is sent every 1.5 seconds. If the lock is lost, a last line says so, and the stream breaks off.',
      answers: {
        200: ok('The client holds the lock.', {
          key: Type.String({ description: 'Key of the holder in the store.' }),
          token: Type.String({ description: 'Fencing token; it increases with each holder.' }),
        }),
      },
      produces: [LINES],
      streams: true,
      parameters: {
        slots: count('Maximum number of holders, the same for all. Default: 1.'),
        ...ownershipParameters,
      },
      async handle({ name, path, values: { timeout, by, ...options }, request, reply }) {
        const namespace = actingFor(context.namespace, clientOf(request, by))
        return handleWait(context, {
          ...{ path, timeout, by, reply },
          wait: (limits) => Lock.acquire(namespace, name, { ...options, ...limits }),
          answer: (lock, signal) => held.hold(reply, holdingOf(lock), signal),
        })
      },
    }),
  ])

const holdingOf = (lock: Lock): Holding => ({
  greeting: { ok: true, key: lock.key, token: String(lock.token) },
  expiring: lock.expiring,
  lost: lock.lost,
  giveUp: (signal) => lock.release(signal),
})
