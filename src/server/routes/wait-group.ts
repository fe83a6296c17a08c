import type { FastifyInstance } from 'fastify'
import Type from 'typebox'
import { UsageError } from '../../base/errors.ts'
import { WaitGroup, type WaitGroupState } from '../../recipes/wait-group.ts'
import { actingFor, clientOf } from '../activity/client.ts'
import type { ServerContext } from '../context.ts'
import { handleWait, IMMEDIATE, type WaitLimits } from '../waits/handle-wait.ts'
import { idempotencyHeader, idempotencyKey, idempotencyParameter } from './support/idempotency.ts'
import { ok } from './support/openapi.ts'
import { duration, number64 } from './support/parameters.ts'
import { action, recipeRoutes } from './support/recipe-route.ts'

const answers = {
  200: ok('Amounts of work, as text.', {
    pending: Type.String({ description: 'Amount of pending work.' }),
    added: Type.String({ description: 'Total amount of work that was added.' }),
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
      description: 'A wait group without added work has no pending work either; see expect.',
      answers,
      parameters: {
        expect: number64('Also waits until this amount of work was added.'),
        timeout: duration('Time limit for the wait, after which the answer is 404. 0: no limit.'),
      },
      async handle({ name, path, values: { expect, timeout }, request, reply }) {
        if (expect !== undefined && expect < 0n)
          throw new UsageError(
            `expect ${expect} is negative: write the amount of work that will be added`,
          )
        const group = new WaitGroup(actingFor(context.namespace, clientOf(request)), name)
        const wait = (limits: WaitLimits) => group.wait({ ...limits, expect })
        return handleWait(context, { path, timeout, reply, wait, answer })
      },
    }),
    action({
      method: 'POST',
      summary: 'Adds work to a wait group, or marks work as done.',
      description:
        'If more work is marked as done than is pending, nothing changes and the answer is 409.',
      answers,
      headers: idempotencyHeader,
      parameters: {
        by: number64('Amount of work to add; if negative, amount to mark as done. Default: 1.'),
        ...idempotencyParameter,
      },
      async handle({ name, values: { by = 1n, ...values }, request }) {
        if (by === 0n)
          throw new UsageError(
            'by is 0: write the amount of work that was added, or a negative one that is done',
          )
        const key = idempotencyKey(request, values['idempotency-key'])
        const options = { ...IMMEDIATE, idempotencyKey: key }
        const group = new WaitGroup(context.namespace, name)
        return answer(
          by > 0n ? await group.add(by, options) : await group.done({ ...options, count: -by }),
        )
      },
    }),
  ])
