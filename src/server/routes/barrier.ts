import type { FastifyInstance } from 'fastify'
import Type from 'typebox'
import { UsageError } from '../../errors.ts'
import { barrier } from '../../recipes/barrier/barrier.ts'
import { actingFor, clientOf } from '../activity/client.ts'
import { answerWait, type WaitLimits } from '../answer-wait.ts'
import type { ServerContext } from '../context.ts'
import { ok } from '../described.ts'
import { count, duration, length, named } from '../parameters.ts'
import { action, recipeRoutes } from '../recipe-route.ts'

/** `/_barrier/NAME` */
export const barrierRoutes = (app: FastifyInstance, context: ServerContext): void =>
  recipeRoutes(app, 'barrier', 'barrier', [
    action({
      method: 'POST',
      summary: 'Arrives at a barrier, and is answered when all parties have arrived.',
      description: 'A client that goes away before is not counted. It can be used again at once.',
      answers: {
        200: ok('All go on.', { index: Type.Integer({ description: '0 for who came first.' }) }),
      },
      parameters: {
        parties: count('So many must arrive, the same number for all; required.'),
        timeout: duration('Waits no longer than this, then 404. 0: no limit.'),
        ttl: length(
          'How soon it does not count any more when the server dies. Default: 15s, on Consul 45s.',
        ),
        ...named,
      },
      async handle({ name, path, values: { parties, timeout, ttl, by }, request, reply }) {
        if (parties === undefined) throw new UsageError('say how many must arrive: ?parties=3')
        const space = actingFor(context.space, clientOf(request, by))
        // what is missing is in the status: a party is not told of each arrival
        const wait = ({ timeout, signal }: WaitLimits) =>
          barrier(space, name, parties, { timeout, signal, ttl })
        const answer = (index: number) => ({ ok: true, index })
        return answerWait(context, { path, timeout, by, reply, wait, answer })
      },
    }),
  ])
