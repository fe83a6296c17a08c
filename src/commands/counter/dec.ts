import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { RdvCommand } from '../../cli/base-command.ts'
import { idempotencyFlag } from '../../cli/idempotency-flag.ts'
import { printResult } from '../../cli/output.ts'
import { optional, parseNumber } from '../../cli/values.ts'
import { Counter } from '../../recipes/counter.ts'
import { checkIdempotencyKey } from '../../recipes/idempotency-key.ts'
import { checkKey } from '../../recipes/keys.ts'

export default class CounterDec extends RdvCommand {
  static override summary = 'Subtracts from a counter and prints its new value.'
  static override description =
    `One that is not there is 0. Beyond 64 bits: exit code 1, and it stays as it is.
Each change is made exactly once, also where answers of the store get lost; what cannot be known is exit code 122.`
  static override examples = [
    '<%= config.bin %> counter dec builds',
    '<%= config.bin %> counter dec bytes --by 4096',
    '<%= config.bin %> counter dec deploys --idempotency-key "$CI_JOB_ID"',
  ]
  static override args = {
    name: Args.string({ description: 'Such as builds.', required: true, ignoreStdin: true }),
  }
  static override flags = {
    by: Flags.string({ summary: 'By so much. Default: 1.', helpValue: 'N' }),
    ...idempotencyFlag,
  }

  async run(): Promise<void> {
    const { args, flags } = await this.begin(CounterDec)
    const name = checkKey(args.name, 'counter')
    const by = optional(flags.by, (text) => parseNumber(text, '--by')) ?? 1n
    const idempotencyKey = optional(flags['idempotency-key'], checkIdempotencyKey)
    const value = await this.within(this.limits(), (space, signal) =>
      new Counter(space, name).add(-by, { idempotencyKey, signal }),
    )
    await printResult(String(value), { ok: true, name, value: String(value) })
  }
}
