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

const token = Type.String({ description: 'Higher than that of every leader before.' })

const tells = ({ space }: ServerContext) =>
  action({
    method: 'GET',
    summary: 'Tells who leads; 404 where nobody does.',
    answers: { 200: ok('Somebody leads.', { leader: Type.String(), token }) },
    parameters: {},
    async handle({ name, reply }) {
      const found = await leader(space, name, AT_ONCE)
      if (found) return { ok: true, leader: found.id, token: String(found.token) }
      return reply.code(404).send({ ok: false, error: `nobody leads ${name}`, kind: 'no' })
    },
  })

const campaigns = (context: ServerContext, held: HeldConnections) =>
  action({
    method: 'POST',
    summary: 'Campaigns, and leads while the connection is open.',
    description:
      'Use curl -N. The first line comes when it leads; then an empty line comes every one and a half seconds. If the leadership is lost, a last line says so, and the stream breaks off.',
    answers: { 200: ok('It leads from now on.', { id: Type.String(), token }) },
    produces: [LINES],
    streams: true,
    parameters: {
      id: text('What this candidate is called; required.'),
      ...tenureParameters,
    },
    async handle({ name, path, values: { id, timeout, by, ...options }, request, reply }) {
      if (id === undefined) throw new UsageError('say what this candidate is called: ?id=node1')
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
