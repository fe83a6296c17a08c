import * as Args from '@oclif/core/args'
import { RdvCommand } from '../../cli/base-command.ts'
import { printResult } from '../../cli/output/print.ts'
import { checkKey } from '../../recipes/core/keys.ts'
import { Counter } from '../../recipes/counter.ts'

export default class CounterGet extends RdvCommand {
  static override summary =
    'Prints the value of a counter. A counter that does not exist has the value 0.'
  static override examples = ['<%= config.bin %> counter get builds']
  static override args = {
    name: Args.string({
      description: 'Name of the counter, such as builds.',
      required: true,
      ignoreStdin: true,
    }),
  }

  async run(): Promise<void> {
    const { args } = await this.begin(CounterGet)
    const name = checkKey(args.name, 'counter')
    const value = await this.within(this.limits(), (namespace, { signal }) =>
      new Counter(namespace, name).get({ signal }),
    )
    await printResult(String(value), { ok: true, name, value: String(value) })
  }
}
