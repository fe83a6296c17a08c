import type { FastifyInstance } from 'fastify'
import Type from 'typebox'
import { UsageError } from '../../base/errors.ts'
import { Counter } from '../../recipes/counter.ts'
import { actingFor, clientOf } from '../activity/client.ts'
import { boundsInWords } from '../activity/wait.ts'
import type { ServerContext } from '../context.ts'
import { handleWait, IMMEDIATE, type WaitLimits } from '../waits/handle-wait.ts'
import { idempotencyHeader, idempotencyKey, idempotencyParameter } from './support/idempotency.ts'
import { ok } from './support/openapi.ts'
import { duration, number64 } from './support/parameters.ts'
import { action, recipeRoutes } from './support/recipe-route.ts'

const answers = {
  200: ok('Value of the counter, as text, because JSON numbers have fewer bits.', {
    value: Type.String(),
  }),
}

const answer = (value: bigint) => ({ ok: true, value: String(value) })

/** `/_counter/NAME` */
export const counterRoutes = (app: FastifyInstance, context: ServerContext): void =>
  recipeRoutes(app, 'counter', 'counter', [
    reads(context),
    action({
      method: 'POST',
      summary: 'Adds to a counter.',
      answers,
      headers: idempotencyHeader,
      parameters: {
        by: number64('Amount of the change, which may be negative. Default: 1.'),
        ...idempotencyParameter,
      },
      async handle({ name, values, request }) {
        const key = idempotencyKey(request, values['idempotency-key'])
        const counter = new Counter(context.namespace, name)
        return answer(await counter.add(values.by, { ...IMMEDIATE, idempotencyKey: key }))
      },
    }),
    action({
      method: 'PUT',
      summary: 'Sets a counter.',
      description:
        'With if-equals, a counter with another value stays unchanged and the answer is 409.',
      answers,
      parameters: {
        value: number64('New value; required.'),
        'if-equals': number64('Sets the counter only if this is its value.'),
      },
      async handle({ name, values: { value, 'if-equals': ifEquals } }) {
        if (value === undefined) throw new UsageError('the value is missing: write ?value=0')
        return answer(
          await new Counter(context.namespace, name).set(value, { ...IMMEDIATE, ifEquals }),
        )
      },
    }),
  ])

const reads = (context: ServerContext) =>
  action({
    method: 'GET',
    summary: 'Reads a counter, or waits until it reaches a value.',
    description:
      'A counter that does not exist has the value 0. A wait ends when the value meets all given bounds.',
    answers,
    parameters: {
      'at-least': number64('Waits until the value is at least this.'),
      'at-most': number64('Waits until the value is at most this.'),
      equals: number64('Waits until the value is this.'),
      timeout: duration('Time limit for the wait, after which the answer is 404. 0: no limit.'),
    },
    async handle({ name, path, values, request, reply }) {
      const { timeout, 'at-least': atLeast, 'at-most': atMost, equals } = values
      const counter = new Counter(actingFor(context.namespace, clientOf(request)), name)
      if ((atLeast ?? atMost ?? equals) === undefined) {
        if (timeout === undefined) return answer(await counter.get(IMMEDIATE))
        throw new UsageError('timeout applies to a wait only: add at-least, at-most or equals')
      }
      const wait = (limits: WaitLimits) => counter.wait({ atLeast, atMost, equals }, limits)
      const about = { detail: { wants: boundsInWords({ atLeast, atMost, equals }) } }
      return handleWait(context, { path, about, timeout, reply, wait, answer })
    },
  })
