import { UsageError } from '../../base/errors.ts'

/** The maximum length in bytes. */
const MAX_LENGTH = 256

/**
 * Checks an idempotency key: well-formed Unicode, 1 to 256 bytes long.
 * @throws UsageError one sentence that says what to write instead.
 */
export const checkIdempotencyKey = (id: string): string => {
  if (id === '') throw new UsageError('the idempotency key is empty: write an id of the step')
  if (!id.isWellFormed())
    throw new UsageError('the idempotency key is not valid Unicode: write it in UTF-8')
  if (Buffer.byteLength(id) > MAX_LENGTH) {
    throw new UsageError(`the idempotency key is longer than ${MAX_LENGTH} bytes: shorten it`)
  }
  return id
}
