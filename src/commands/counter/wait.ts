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
import { type CounterGoal, waitForCounter } from '../../recipes/counter.ts'

export default class CounterWait extends RdvCommand {
  static override summary =
    'Waits until a counter reaches a value, then prints the value or replaces itself with COMMAND.'
  static override usage =
    'counter wait NAME --at-least N | --at-most N | --equals N [FLAGS] [-- COMMAND…]'
  static override examples = [
    '<%= config.bin %> counter wait uploads --at-least 3 -- ./process-uploads',
    '<%= config.bin %> counter wait running --at-most 0 --timeout 5m',
  ]
  static override args = {
    name: Args.string({
      description: 'Name of the counter, such as uploads.',
      required: true,
      ignoreStdin: true,
    }),
  }
  static override flags = {
    ...patientFlags,
    ...announceFlag,
    'at-least': Flags.string({ summary: 'Waits until the value is at least N.', helpValue: 'N' }),
    'at-most': Flags.string({ summary: 'Waits until the value is at most N.', helpValue: 'N' }),
    equals: Flags.string({ summary: 'Waits until the value is N.', helpValue: 'N' }),
  }

  protected override readonly takesCommand = true

  async run(): Promise<void> {
    const { args, flags } = await this.begin(CounterWait)
    const name = checkKey(args.name, 'counter')
    const goal = goalOf(flags)
    const open = (signal: AbortSignal) => this.namespace({ signal })
    const value = await waiting(open, (progress) =>
      waitForCounter(open, name, goal, { ...this.limits(0), progress, ...announceOptions(flags) }),
    )
    if (invocation.command) await this.become(invocation.command)
    await printResult(String(value), { ok: true, name, value: String(value) })
  }
}

const goalOf = (flags: Readonly<Record<string, unknown>>): CounterGoal => {
  const wanted = ['at-least', 'at-most', 'equals'].filter((flag) => flags[flag] !== undefined)
  const [flag = ''] = wanted
  if (wanted.length !== 1)
    throw new UsageError(
      'a wait needs exactly one condition: write --at-least N, --at-most N or --equals N',
    )
  const number = optional(flags[flag] as string, (text) => parseNumber(text, `--${flag}`))
  if (flag === 'equals') return { equals: number }
  return flag === 'at-least' ? { atLeast: number } : { atMost: number }
}
