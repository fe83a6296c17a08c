import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { Counter } from '../recipes/counter.ts'
import { checkIdempotencyKey } from '../recipes/idempotency-key.ts'
import { checkKey } from '../recipes/keys.ts'
import { optional, parseNumber } from '../values.ts'
import { RdvCommand } from './base-command.ts'
import { idempotencyFlag } from './idempotency-flag.ts'
import { printResult } from './output.ts'

/** What `counter inc` and `counter dec` share: all but the direction. */
export abstract class CountingCommand extends RdvCommand {
  static override description =
    `One that is not there is 0. Beyond 64 bits: exit code 1, and it stays as it is.
Each change is made exactly once, also where answers of the store get lost; what cannot be known is exit code 122.`
  static override args = {
    name: Args.string({ description: 'Such as builds.', required: true, ignoreStdin: true }),
  }
  static override flags = {
    by: Flags.string({ summary: 'By so much. Default: 1.', helpValue: 'N' }),
    ...idempotencyFlag,
  }

  /** `direction`: what the amount is multiplied by. */
  protected async count(direction: 1n | -1n): Promise<void> {
    const { args, flags } = await this.begin(CountingCommand)
    const name = checkKey(args.name, 'counter')
    const by = direction * (optional(flags.by, (text) => parseNumber(text, '--by')) ?? 1n)
    const idempotencyKey = optional(flags['idempotency-key'], checkIdempotencyKey)
    const value = await this.within(this.limits(), (space, { signal }) =>
      new Counter(space, name).add(by, { idempotencyKey, signal }),
    )
    await printResult(String(value), { ok: true, name, value: String(value) })
  }
}
