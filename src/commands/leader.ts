import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { NoError } from '../base/errors.ts'
import { RdvCommand } from '../cli/base-command.ts'
import { printResult } from '../cli/output/print.ts'
import { checkKey } from '../recipes/core/keys.ts'
import { type Candidate, leader, watchLeader } from '../recipes/election.ts'

export default class Leader extends RdvCommand {
  static override summary = 'Prints the id of the leader. Exit code 1 if there is no leader.'
  static override examples = [
    '<%= config.bin %> leader shop',
    '<%= config.bin %> leader shop --watch',
  ]
  static override args = {
    name: Args.string({ description: 'Name of the election.', required: true, ignoreStdin: true }),
  }
  static override flags = {
    watch: Flags.boolean({
      summary:
        'Keeps running and prints a line for each change. An empty line means that there is no leader.',
    }),
  }

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
