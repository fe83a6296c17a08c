import * as Args from '@oclif/core/args'
import { optional } from '../../base/values.ts'
import { RdvCommand } from '../../cli/base-command.ts'
import { idempotencyFlag } from '../../cli/flags/idempotency-flag.ts'
import { printResult } from '../../cli/output/print.ts'
import { checkIdempotencyKey } from '../../recipes/core/idempotency-key.ts'
import { checkKey } from '../../recipes/core/keys.ts'
import { WaitGroup } from '../../recipes/wait-group.ts'

export default class WaitGroupDone extends RdvCommand {
  static override summary = 'Marks one piece of work as done and prints the amount of pending work.'
  static override description = 'If no work is pending, nothing changes and the exit code is 1.'
  static override examples = [
    '<%= config.bin %> waitgroup done shards',
    '<%= config.bin %> waitgroup done shards --idempotency-key "shard-$SHARD"',
  ]
  static override args = {
    name: Args.string({
      description: 'Name of the wait group, such as shards.',
      required: true,
      ignoreStdin: true,
    }),
  }
  static override flags = idempotencyFlag

  async run(): Promise<void> {
    const { args, flags } = await this.begin(WaitGroupDone)
    const name = checkKey(args.name, 'wait group')
    const idempotencyKey = optional(flags['idempotency-key'], checkIdempotencyKey)
    const { pending, added } = await this.within(this.limits(), (namespace, { signal }) =>
      new WaitGroup(namespace, name).done({ idempotencyKey, signal }),
    )
    const result = { ok: true, name, pending: String(pending), added: String(added) }
    await printResult(result.pending, result)
  }
}
