import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { optional, parseNumber } from '../../base/values.ts'
import { RdvCommand } from '../../cli/base-command.ts'
import { printResult } from '../../cli/output/print.ts'
import { checkKey } from '../../recipes/core/keys.ts'
import { Counter } from '../../recipes/counter.ts'

export default class CounterSet extends RdvCommand {
  static override summary = 'Sets a counter and prints its new value.'
  static override description =
    'With --if-equals, a counter that has another value stays unchanged and the exit code is 1.'
  static override examples = [
    '<%= config.bin %> counter set builds 0',
    '<%= config.bin %> counter set balance -5 --if-equals 0',
  ]
  static override args = {
    name: Args.string({
      description: 'Name of the counter, such as builds.',
      required: true,
      ignoreStdin: true,
    }),
    value: Args.string({
      description: 'New value, an integer of 64 bits, which may be negative.',
      required: true,
      ignoreStdin: true,
    }),
  }
  static override flags = {
    'if-equals': Flags.string({
      summary: 'Sets the counter only if its value is N.',
      helpValue: 'N',
    }),
  }

  async run(): Promise<void> {
    const { args, flags } = await this.begin(CounterSet)
    const name = checkKey(args.name, 'counter')
    const wanted = parseNumber(args.value, 'the value')
    const ifEquals = optional(flags['if-equals'], (text) => parseNumber(text, '--if-equals'))
    const value = await this.within(this.limits(), (namespace, { signal }) =>
      new Counter(namespace, name).set(wanted, { ifEquals, signal }),
    )
    await printResult(String(value), { ok: true, name, value: String(value) })
  }
}
