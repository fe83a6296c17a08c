import { UsageError } from '../../base/errors.ts'

/** Bytes. */
const MAX_LENGTH = 256

/** @throws UsageError an idempotency key is text of some length. */
export const checkIdempotencyKey = (id: string): string => {
  if (id === '') throw new UsageError('the idempotency key is empty: give an ID of the step')
  if (!id.isWellFormed()) throw new UsageError('the idempotency key is not valid Unicode')
  if (Buffer.byteLength(id) > MAX_LENGTH) {
    throw new UsageError(`the idempotency key is longer than ${MAX_LENGTH} bytes: shorten it`)
  }
  return id
}
