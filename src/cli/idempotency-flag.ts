import * as Flags from '@oclif/core/flags'

/** For steps that are run again as a whole when they fail. */
export const idempotencyFlag = {
  'idempotency-key': Flags.string({
    summary:
      'Counts this ID once, however often the step is run; then prints what it gave at first.',
    helpValue: 'ID',
  }),
}
