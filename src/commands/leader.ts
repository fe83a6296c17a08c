import * as Args from '@oclif/core/args'
import { NoError } from '../base/errors.ts'
import { RdvCommand } from '../cli/base-command.ts'
import { watchFlags } from '../cli/flags/global-flags.ts'
import { printResult } from '../cli/output/print.ts'
import { checkKey } from '../recipes/core/keys.ts'
import { type Candidate, leader, watchLeader } from '../recipes/election.ts'

export default class Leader extends RdvCommand {
  static override summary =
    'Prints the id of the leader. If there is no leader, the exit code is 1.'
  static override description =
    'With --watch, it prints the id of each new leader, and an empty line while there is no leader.'
  static override examples = [
    '<%= config.bin %> leader shop',
    '<%= config.bin %> leader shop --watch',
  ]
  static override args = {
    name: Args.string({
      description: 'Name of the election, such as shop.',
      required: true,
      ignoreStdin: true,
    }),
  }
  static override flags = watchFlags

  async run(): Promise<void> {
    const { args, flags } = await this.begin(Leader)
    const name = checkKey(args.name)
    if (flags.watch) return this.#watch(name)
    const found = await this.within(this.limits(), (namespace, { signal }) =>
      leader(namespace, name, { signal }),
    )
    if (!found) throw new NoError(`${name} has no leader`)
    await print(name, found)
  }

  /** Runs until it is interrupted, or until the time limit of --timeout. */
  async #watch(name: string): Promise<void> {
    await this.endsWithReader()
    await this.within(this.limits(0), async (namespace, { signal }) => {
      for await (const found of watchLeader(namespace, name, signal)) await print(name, found)
    })
  }
}

const print = (name: string, found: Candidate | undefined): Promise<void> =>
  printResult(found?.id ?? '', {
    ok: true,
    name,
    leader: found?.id ?? null,
    ...(found && { token: String(found.token) }),
  })
