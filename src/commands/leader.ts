import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { RdvCommand } from '../cli/base-command.ts'
import { printResult } from '../cli/output.ts'
import { NoError } from '../errors.ts'
import { type Candidate, leader, watchLeader } from '../recipes/election.ts'
import { checkKey } from '../recipes/keys.ts'

export default class Leader extends RdvCommand {
  static override summary = 'Prints the id of who leads; exit code 1 where nobody does.'
  static override examples = [
    '<%= config.bin %> leader shop',
    '<%= config.bin %> leader shop --watch',
  ]
  static override args = {
    name: Args.string({ description: 'Of the election.', required: true, ignoreStdin: true }),
  }
  static override flags = {
    watch: Flags.boolean({
      summary: 'Goes on with a line for each change: an empty one while nobody leads.',
    }),
  }

  async run(): Promise<void> {
    const { args, flags } = await this.begin(Leader)
    const name = checkKey(args.name)
    if (flags.watch) return this.#watch(name)
    const found = await this.within(this.limits(), (space, { signal }) =>
      leader(space, name, { signal }),
    )
    if (!found) throw new NoError(`nobody leads ${name}`)
    await print(name, found)
  }

  /** Until interrupted, or for as long as --timeout says. */
  async #watch(name: string): Promise<void> {
    await this.endsWithReader()
    await this.within(this.limits(0), async (space, { signal }) => {
      for await (const found of watchLeader(space, name, signal)) await print(name, found)
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
