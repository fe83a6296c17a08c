import type { FastifyRequest } from 'fastify'
import Type from 'typebox'
import { UsageError } from '../../../base/errors.ts'
import { checkIdempotencyKey } from '../../../recipes/core/idempotency-key.ts'
import { type Parameter, text } from './parameters.ts'

/** The idempotency key has the same meaning as a parameter and as a header. */
export const idempotencyParameter: { 'idempotency-key': Parameter<string> } = {
  'idempotency-key': text(
    'Makes the change only once for this ID. A repeated request gets the answer of the first.',
  ),
}

export const idempotencyHeader = {
  'idempotency-key': Type.String({ description: 'Same as the parameter.' }),
}

/** @throws UsageError if the key is malformed, or the parameter and the header differ. */
export const idempotencyKey = (
  { headers }: FastifyRequest,
  parameter: string | undefined,
): string | undefined => {
  const [header] = [headers['idempotency-key']].flat()
  if (header !== undefined && parameter !== undefined && header !== parameter) {
    throw new UsageError('the parameter idempotency-key and the header differ: give one of them')
  }
  const key = parameter ?? header
  return key === undefined ? undefined : checkIdempotencyKey(key)
}
