import type { FastifyInstance } from 'fastify'
import Type from 'typebox'
import { UsageError } from '../../base/errors.ts'
import { barrier } from '../../recipes/barrier/barrier.ts'
import { actingFor, clientOf } from '../activity/client.ts'
import type { ServerContext } from '../context.ts'
import { handleWait, type WaitLimits } from '../waits/handle-wait.ts'
import { ok } from './support/openapi.ts'
import { count, duration, length, named } from './support/parameters.ts'
import { action, recipeRoutes } from './support/recipe-route.ts'

/** `/_barrier/NAME` */
export const barrierRoutes = (app: FastifyInstance, context: ServerContext): void =>
  recipeRoutes(app, 'barrier', 'barrier', [
    action({
      method: 'POST',
      summary: 'Arrives at a barrier. The answer comes when all parties have arrived.',
      description:
        'A client that disconnects before that is not counted. The barrier can be used again at once.',
      answers: {
        200: ok('All parties have arrived.', {
          index: Type.Integer({ description: 'Arrival index; 0 for the first party.' }),
        }),
      },
      parameters: {
        parties: count('Number of parties, the same for all; required.'),
        timeout: duration('Time limit for the wait, after which the answer is 404. 0: no limit.'),
        ttl: length(
          'Time until this party is no longer counted after the server dies. Default: 15s, on Consul 45s.',
        ),
        ...named,
      },
      async handle({ name, path, values: { parties, timeout, ttl, by }, request, reply }) {
        if (parties === undefined)
          throw new UsageError('the number of parties is missing: write ?parties=3')
        const namespace = actingFor(context.namespace, clientOf(request, by))
        // The status shows what is missing, because a party gets no report of each arrival.
        const wait = ({ timeout, signal }: WaitLimits) =>
          barrier(namespace, name, parties, { timeout, signal, ttl })
        const answer = (index: number) => ({ ok: true, index })
        return handleWait(context, { path, timeout, by, reply, wait, answer })
      },
    }),
  ])
