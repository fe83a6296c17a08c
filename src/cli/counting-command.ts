import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { optional, parseNumber } from '../base/values.ts'
import { checkIdempotencyKey } from '../recipes/core/idempotency-key.ts'
import { checkKey } from '../recipes/core/keys.ts'
import { Counter } from '../recipes/counter.ts'
import { RdvCommand } from './base-command.ts'
import { idempotencyFlag } from './flags/idempotency-flag.ts'
import { printResult } from './output/print.ts'

/** The base of `counter inc` and `counter dec`, which differ only in the direction. */
export abstract class CountingCommand extends RdvCommand {
  static override description =
    `A counter that does not exist has the value 0. If the result exceeds 64 bits, the counter stays unchanged and the exit code is 1.
Each change is made exactly once, even if answers of the store are lost. If it stays unknown whether the change was made, the exit code is 122.`
  static override args = {
    name: Args.string({
      description: 'Name of the counter, such as builds.',
      required: true,
      ignoreStdin: true,
    }),
  }
  static override flags = {
    by: Flags.string({ summary: 'Amount of the change. Default: 1.', helpValue: 'N' }),
    ...idempotencyFlag,
  }

  /** `direction` is the factor of the amount. */
  protected async count(direction: 1n | -1n): Promise<void> {
    const { args, flags } = await this.begin(CountingCommand)
    const name = checkKey(args.name, 'counter')
    const by = direction * (optional(flags.by, (text) => parseNumber(text, '--by')) ?? 1n)
    const idempotencyKey = optional(flags['idempotency-key'], checkIdempotencyKey)
    const value = await this.within(this.limits(), (namespace, { signal }) =>
      new Counter(namespace, name).add(by, { idempotencyKey, signal }),
    )
    await printResult(String(value), { ok: true, name, value: String(value) })
  }
}
