import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { UsageError } from '../../base/errors.ts'
import { optional, parseNumber } from '../../base/values.ts'
import { RdvCommand } from '../../cli/base-command.ts'
import { announceFlag, announceOptions, patientFlags } from '../../cli/flags/global-flags.ts'
import { invocation } from '../../cli/invocation.ts'
import { printResult } from '../../cli/output/print.ts'
import { waiting } from '../../cli/waiting.ts'
import { checkKey } from '../../recipes/core/keys.ts'
import { waitForGroup } from '../../recipes/wait-group.ts'

export default class WaitGroupWait extends RdvCommand {
  static override summary =
    'Waits until no work of a wait group is pending, then replaces itself with COMMAND.'
  static override description =
    `While no work was added to a wait group, no work is pending and the wait ends at once.
If the wait may start before the work is added, set --expect to the amount of work.`
  static override usage = 'waitgroup wait NAME [FLAGS] [-- COMMAND…]'
  static override examples = [
    '<%= config.bin %> waitgroup wait shards --expect 12 -- ./merge-shards',
    '<%= config.bin %> waitgroup wait shards --timeout 10m',
  ]
  static override args = {
    name: Args.string({
      description: 'Name of the wait group, such as shards.',
      required: true,
      ignoreStdin: true,
    }),
  }
  static override flags = {
    ...patientFlags,
    ...announceFlag,
    expect: Flags.string({
      summary: 'Amount of work that must also have been added. Default: 0.',
      helpValue: 'N',
    }),
  }

  protected override readonly takesCommand = true

  async run(): Promise<void> {
    const { args, flags } = await this.begin(WaitGroupWait)
    const name = checkKey(args.name, 'wait group')
    const expect = optional(flags.expect, parseExpected)
    const open = (signal: AbortSignal) => this.namespace({ signal })
    const { pending, added } = await waiting(open, (progress) =>
      waitForGroup(open, name, { ...this.limits(0), expect, progress, ...announceOptions(flags) }),
    )
    if (invocation.command) await this.become(invocation.command)
    await printResult(undefined, {
      ok: true,
      name,
      pending: String(pending),
      added: String(added),
    })
  }
}

const parseExpected = (text: string): bigint => {
  const count = parseNumber(text, '--expect')
  if (count < 0n)
    throw new UsageError(
      `--expect ${count} is negative: write the amount of work that will be added`,
    )
  return count
}
