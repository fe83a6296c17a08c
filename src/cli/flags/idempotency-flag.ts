import * as Flags from '@oclif/core/flags'

/** For steps that are run again as a whole when they fail. */
export const idempotencyFlag = {
  'idempotency-key': Flags.string({
    summary:
      'Makes the change only once for this ID. A repeated call prints the result of the first.',
    helpValue: 'ID',
  }),
}
