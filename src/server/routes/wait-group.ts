import type { FastifyInstance } from 'fastify'
import Type from 'typebox'
import { UsageError } from '../../errors.ts'
import { WaitGroup, type WaitGroupState } from '../../recipes/wait-group.ts'
import { actingFor, clientOf } from '../activity/client.ts'
import { AT_ONCE, answerWait, type WaitLimits } from '../answer-wait.ts'
import type { ServerContext } from '../context.ts'
import { ok } from '../described.ts'
import { idempotencyHeader, idempotencyKey, idempotencyParameter } from '../idempotency.ts'
import { duration, number64 } from '../parameters.ts'
import { action, recipeRoutes } from '../recipe-route.ts'

const answers = {
  200: ok('How much there is, as text.', {
    pending: Type.String({ description: 'Added and not done.' }),
    added: Type.String({ description: 'All that was ever added.' }),
  }),
}

const answer = ({ pending, added }: WaitGroupState) => ({
  ok: true,
  pending: String(pending),
  added: String(added),
})

/** `/_waitgroup/NAME` */
export const waitGroupRoutes = (app: FastifyInstance, context: ServerContext): void =>
  recipeRoutes(app, 'waitgroup', 'wait group', [
    action({
      method: 'GET',
      summary: 'Waits until no work of a wait group is pending.',
      description: 'One to which nothing was added has nothing pending either: see expect.',
      answers,
      parameters: {
        expect: number64('First waits until so much was added.'),
        timeout: duration('Waits no longer than this, then 404. 0: no limit.'),
      },
      async handle({ name, path, values: { expect, timeout }, request, reply }) {
        if (expect !== undefined && expect < 0n)
          throw new UsageError(`expect ${expect} is negative: name how much will be added`)
        const group = new WaitGroup(actingFor(context.space, clientOf(request)), name)
        const wait = (limits: WaitLimits) => group.wait({ ...limits, expect })
        return answerWait(context, { path, timeout, reply, wait, answer })
      },
    }),
    action({
      method: 'POST',
      summary: 'Adds work to a wait group, or says that some is done.',
      description: 'More done than is pending: 409, and nothing changes.',
      answers,
      headers: idempotencyHeader,
      parameters: {
        by: number64('So much work; so much is done where it is negative. Default: 1.'),
        ...idempotencyParameter,
      },
      async handle({ name, values: { by = 1n, ...values }, request }) {
        if (by === 0n) throw new UsageError('by is 0: say how much was added, or is done')
        const key = idempotencyKey(request, values['idempotency-key'])
        const options = { ...AT_ONCE, idempotencyKey: key }
        const group = new WaitGroup(context.space, name)
        return answer(
          by > 0n ? await group.add(by, options) : await group.done({ ...options, count: -by }),
        )
      },
    }),
  ])
