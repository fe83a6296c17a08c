import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { RdvCommand } from '../../cli/base-command.ts'
import { printResult } from '../../cli/output.ts'
import { Counter } from '../../recipes/counter.ts'
import { checkKey } from '../../recipes/keys.ts'
import { optional, parseNumber } from '../../values.ts'

export default class CounterSet extends RdvCommand {
  static override summary = 'Sets a counter and prints its new value.'
  static override description =
    'With --if-equals only where it has that value; otherwise exit code 1, and it stays as it is.'
  static override examples = [
    '<%= config.bin %> counter set builds 0',
    '<%= config.bin %> counter set balance -5 --if-equals 0',
  ]
  static override args = {
    name: Args.string({ description: 'Such as builds.', required: true, ignoreStdin: true }),
    value: Args.string({
      description: 'A whole number, negative ones too.',
      required: true,
      ignoreStdin: true,
    }),
  }
  static override flags = {
    'if-equals': Flags.string({ summary: 'Only where it has this value.', helpValue: 'N' }),
  }

  async run(): Promise<void> {
    const { args, flags } = await this.begin(CounterSet)
    const name = checkKey(args.name, 'counter')
    const wanted = parseNumber(args.value, 'the value')
    const ifEquals = optional(flags['if-equals'], (text) => parseNumber(text, '--if-equals'))
    const value = await this.within(this.limits(), (space, { signal }) =>
      new Counter(space, name).set(wanted, { ifEquals, signal }),
    )
    await printResult(String(value), { ok: true, name, value: String(value) })
  }
}
