import type { FastifyInstance } from 'fastify'
import Type from 'typebox'
import { UsageError } from '../../base/errors.ts'
import { Leadership, leader } from '../../recipes/election.ts'
import { actingFor, clientOf } from '../activity/client.ts'
import type { ServerContext } from '../context.ts'
import { LINES } from '../http/stream.ts'
import { handleWait, IMMEDIATE } from '../waits/handle-wait.ts'
import type { HeldConnections, Holding } from './support/held-connections.ts'
import { ok } from './support/openapi.ts'
import { ownershipParameters } from './support/ownership-parameters.ts'
import { text } from './support/parameters.ts'
import { action, recipeRoutes } from './support/recipe-route.ts'

/** `/_election/NAME` */
export const electionRoutes = (
  app: FastifyInstance,
  context: ServerContext,
  held: HeldConnections,
): void => recipeRoutes(app, 'election', 'election', [tells(context), campaigns(context, held)])

const token = Type.String({ description: 'Fencing token; it increases with each leader.' })

const tells = ({ namespace }: ServerContext) =>
  action({
    method: 'GET',
    summary: 'Returns the leader. 404 if there is no leader.',
    answers: { 200: ok('There is a leader.', { leader: Type.String(), token }) },
    parameters: {},
    async handle({ name, reply }) {
      const found = await leader(namespace, name, IMMEDIATE)
      if (found) return { ok: true, leader: found.id, token: String(found.token) }
      return reply.code(404).send({ ok: false, error: `${name} has no leader`, kind: 'no' })
    },
  })

const campaigns = (context: ServerContext, held: HeldConnections) =>
  action({
    method: 'POST',
    summary: 'Campaigns for leadership, and leads while the connection is open.',
    description:
      'Use curl -N. The first line is sent when the client becomes the leader, then an empty line every 1.5 seconds. If the leadership is lost, a last line says so, and the stream breaks off.',
    answers: { 200: ok('The client is the leader.', { id: Type.String(), token }) },
    produces: [LINES],
    streams: true,
    parameters: {
      id: text('Id of this candidate; required.'),
      ...ownershipParameters,
    },
    async handle({ name, path, values: { id, timeout, by, ...options }, request, reply }) {
      if (id === undefined)
        throw new UsageError('the id of the candidate is missing: write ?id=node1')
      const namespace = actingFor(context.namespace, clientOf(request, by ?? id))
      return handleWait(context, {
        ...{ path, timeout, by: by ?? id, reply },
        wait: (limits) => Leadership.campaign(namespace, name, id, { ...options, ...limits }),
        answer: (leadership, signal) => held.hold(reply, holdingOf(leadership), signal),
      })
    },
  })

const holdingOf = (leadership: Leadership): Holding => ({
  greeting: { ok: true, id: leadership.id, token: String(leadership.token) },
  expiring: leadership.expiring,
  lost: leadership.lost,
  giveUp: (signal) => leadership.resign(signal),
})
