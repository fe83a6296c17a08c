import * as Args from '@oclif/core/args'
import { RdvCommand } from '../../cli/base-command.ts'
import { idempotencyFlag } from '../../cli/idempotency-flag.ts'
import { printResult } from '../../cli/output.ts'
import { checkIdempotencyKey } from '../../recipes/idempotency-key.ts'
import { checkKey } from '../../recipes/keys.ts'
import { WaitGroup } from '../../recipes/wait-group.ts'
import { optional } from '../../values.ts'

export default class WaitGroupDone extends RdvCommand {
  static override summary =
    'Says that one piece of work is done, and prints how much is still pending.'
  static override description = 'Where nothing is pending: exit code 1, and nothing changes.'
  static override examples = [
    '<%= config.bin %> waitgroup done shards',
    '<%= config.bin %> waitgroup done shards --idempotency-key "shard-$SHARD"',
  ]
  static override args = {
    name: Args.string({ description: 'Such as shards.', required: true, ignoreStdin: true }),
  }
  static override flags = idempotencyFlag

  async run(): Promise<void> {
    const { args, flags } = await this.begin(WaitGroupDone)
    const name = checkKey(args.name, 'wait group')
    const idempotencyKey = optional(flags['idempotency-key'], checkIdempotencyKey)
    const { pending, added } = await this.within(this.limits(), (space, { signal }) =>
      new WaitGroup(space, name).done({ idempotencyKey, signal }),
    )
    const result = { ok: true, name, pending: String(pending), added: String(added) }
    await printResult(result.pending, result)
  }
}
