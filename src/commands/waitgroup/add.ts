import * as Args from '@oclif/core/args'
import { UsageError } from '../../base/errors.ts'
import { optional, parseNumber } from '../../base/values.ts'
import { RdvCommand } from '../../cli/base-command.ts'
import { idempotencyFlag } from '../../cli/flags/idempotency-flag.ts'
import { printResult } from '../../cli/output/print.ts'
import { checkIdempotencyKey } from '../../recipes/core/idempotency-key.ts'
import { checkKey } from '../../recipes/core/keys.ts'
import { WaitGroup } from '../../recipes/wait-group.ts'

export default class WaitGroupAdd extends RdvCommand {
  static override summary = 'Adds work to a wait group and prints the amount of pending work.'
  static override examples = [
    '<%= config.bin %> waitgroup add shards',
    '<%= config.bin %> waitgroup add shards 12',
  ]
  static override args = {
    name: Args.string({
      description: 'Name of the wait group, such as shards.',
      required: true,
      ignoreStdin: true,
    }),
    count: Args.string({ description: 'Amount of work. Default: 1.', ignoreStdin: true }),
  }
  static override flags = idempotencyFlag

  async run(): Promise<void> {
    const { args, flags } = await this.begin(WaitGroupAdd)
    const name = checkKey(args.name, 'wait group')
    const count = optional(args.count, parseAdded)
    const idempotencyKey = optional(flags['idempotency-key'], checkIdempotencyKey)
    const { pending, added } = await this.within(this.limits(), (namespace, { signal }) =>
      new WaitGroup(namespace, name).add(count, { idempotencyKey, signal }),
    )
    const result = { ok: true, name, pending: String(pending), added: String(added) }
    await printResult(result.pending, result)
  }
}

const parseAdded = (text: string): bigint => {
  const count = parseNumber(text, 'the count')
  if (count < 0n)
    throw new UsageError(`${count} is negative: to mark work as done, write rdv waitgroup done`)
  return count
}
