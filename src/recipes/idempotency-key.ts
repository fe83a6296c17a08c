import { UsageError } from '../errors.ts'

/** Bytes. */
const LONGEST = 256

/** @throws UsageError an idempotency key is text of some length. */
export const checkIdempotencyKey = (id: string): string => {
  if (id === '') throw new UsageError('the idempotency key is empty: give an ID of the step')
  if (!id.isWellFormed()) throw new UsageError('the idempotency key is not valid Unicode')
  if (Buffer.byteLength(id) > LONGEST) {
    throw new UsageError(`the idempotency key is longer than ${LONGEST} bytes: shorten it`)
  }
  return id
}
