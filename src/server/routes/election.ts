import type { FastifyInstance } from 'fastify'
import Type from 'typebox'
import { UsageError } from '../../errors.ts'
import { Leadership, leader } from '../../recipes/election.ts'
import { actingFor, clientOf } from '../activity/client.ts'
import { AT_ONCE, answerWait } from '../answer-wait.ts'
import type { ServerContext } from '../context.ts'
import { ok } from '../described.ts'
import type { HeldConnections, Tenure } from '../held-connections.ts'
import { text } from '../parameters.ts'
import { action, recipeRoutes } from '../recipe-route.ts'
import { LINES } from '../stream.ts'
import { tenureParameters } from '../tenure-parameters.ts'

/** `/_election/NAME` */
export const electionRoutes = (
  app: FastifyInstance,
  context: ServerContext,
  held: HeldConnections,
): void => recipeRoutes(app, 'election', 'election', [tells(context), campaigns(context, held)])

const token = Type.String({ description: 'Fencing token; it increases with each leader.' })

const tells = ({ space }: ServerContext) =>
  action({
    method: 'GET',
    summary: 'Returns the leader. 404 if there is no leader.',
    answers: { 200: ok('There is a leader.', { leader: Type.String(), token }) },
    parameters: {},
    async handle({ name, reply }) {
      const found = await leader(space, name, AT_ONCE)
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
      ...tenureParameters,
    },
    async handle({ name, path, values: { id, timeout, by, ...options }, request, reply }) {
      if (id === undefined)
        throw new UsageError('the id of the candidate is missing: write ?id=node1')
      const space = actingFor(context.space, clientOf(request, by ?? id))
      return answerWait(context, {
        ...{ path, timeout, by: by ?? id, reply },
        wait: (limits) => Leadership.campaign(space, name, id, { ...options, ...limits }),
        answer: (leadership, signal) => held.hold(reply, tenureOf(leadership), signal),
      })
    },
  })

const tenureOf = (leadership: Leadership): Tenure => ({
  greeting: { ok: true, id: leadership.id, token: String(leadership.token) },
  expiring: leadership.expiring,
  lost: leadership.lost,
  giveUp: (signal) => leadership.resign(signal),
})
