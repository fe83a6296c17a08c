import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { RdvCommand } from '../../cli/base-command.ts'
import { announceFlag, announceOptions, patientFlags } from '../../cli/flags.ts'
import { invocation } from '../../cli/invocation.ts'
import { printResult } from '../../cli/output.ts'
import { waiting } from '../../cli/waiting.ts'
import { UsageError } from '../../errors.ts'
import { checkKey } from '../../recipes/keys.ts'
import { waitForGroup } from '../../recipes/wait-group.ts'
import { optional, parseNumber } from '../../values.ts'

export default class WaitGroupWait extends RdvCommand {
  static override summary = 'Waits until no work of a wait group is pending, then becomes COMMAND.'
  static override description = `A wait group to which nothing was added has nothing pending either.
So where the wait may begin before the work is added, say with --expect how much there will be.`
  static override usage = 'waitgroup wait NAME [FLAGS] [-- COMMAND…]'
  static override examples = [
    '<%= config.bin %> waitgroup wait shards --expect 12 -- ./merge-shards',
    '<%= config.bin %> waitgroup wait shards --timeout 10m',
  ]
  static override args = {
    name: Args.string({ description: 'Such as shards.', required: true, ignoreStdin: true }),
  }
  static override flags = {
    ...patientFlags,
    ...announceFlag,
    expect: Flags.string({ summary: 'First waits until so much was added.', helpValue: 'N' }),
  }

  protected override readonly takesCommand = true

  async run(): Promise<void> {
    const { args, flags } = await this.begin(WaitGroupWait)
    const name = checkKey(args.name, 'wait group')
    const expect = optional(flags.expect, parseExpected)
    const open = (signal: AbortSignal) => this.space({ signal })
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
  if (count < 0n) throw new UsageError(`--expect ${count} is negative: name how much will be added`)
  return count
}
