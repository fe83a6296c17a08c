import * as Args from '@oclif/core/args'
import { RdvCommand } from '../cli/base-command.ts'
import { printResult } from '../cli/output/print.ts'
import { checkSignalKey } from '../recipes/core/signal-key.ts'
import { getState } from '../recipes/get.ts'

export default class Get extends RdvCommand {
  static override summary =
    'Prints the state of a key. If the key has no state, the exit code is 1.'
  static override examples = ['<%= config.bin %> get deploy/node1']
  static override args = {
    key: Args.string({
      description: 'Name of the key, such as db or deploy/node1.',
      required: true,
      ignoreStdin: true,
    }),
  }

  async run(): Promise<void> {
    const { args } = await this.begin(Get)
    await checkSignalKey(args.key)
    const state = await this.within(this.limits(), (namespace, call) =>
      getState(namespace, args.key, call),
    )
    await printResult(state, { ok: true, key: args.key, state })
  }
}
