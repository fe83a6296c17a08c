import * as Flags from '@oclif/core/flags'

/** For a CI step that runs again as a whole after a failure. */
export const idempotencyFlag = {
  'idempotency-key': Flags.string({
    summary:
      'Makes the change only once for this ID. A repeated call prints the result of the first call.',
    helpValue: 'ID',
  }),
}
