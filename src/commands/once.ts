import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { Preparation } from '../child/preparation.ts'
import { RdvCommand } from '../cli/base-command.ts'
import { invocation } from '../cli/invocation.ts'
import { note } from '../cli/output.ts'
import { GIVING_UP_BRIEFLY, giveUp, noteRaisedTtl, runHeld, untilHurried } from '../cli/run-held.ts'
import { tenureFlags, tenureOptions } from '../cli/tenure-flags.ts'
import { IndeterminateError, UnavailableError, UsageError } from '../errors.ts'
import { checkKey } from '../recipes/keys.ts'
import { Turn } from '../recipes/once.ts'
import { optional, parseLength } from '../values.ts'

export default class Once extends RdvCommand {
  static override summary =
    'Runs COMMAND in one of all who call it, and only until it has succeeded.'
  static override description =
    `The others wait, and end with 0 without running it once it has ended with 0.
If it fails, or who runs it dies, the next one runs it. 'rdv clear --all NAME' lets it run anew.`
  static override usage = 'once NAME [FLAGS] -- COMMAND…'
  static override examples = [
    '<%= config.bin %> once migrate-v7 -- ./migrate',
    '<%= config.bin %> once nightly --expire 20h --try -- ./nightly-job',
  ]
  static override args = {
    name: Args.string({ description: 'Such as migrate-v7.', required: true, ignoreStdin: true }),
  }
  static override flags = {
    expire: Flags.string({
      summary: 'After this long it may run anew. Default: never.',
      helpValue: 'DURATION',
    }),
    ...tenureFlags,
  }

  protected override readonly takesCommand = true
  readonly #preparation = new Preparation()

  async run(): Promise<void> {
    const { args, flags } = await this.begin(Once)
    const name = checkKey(args.name)
    const expire = optional(flags.expire, parseLength('--expire'))
    const options = { ...tenureOptions(flags), expire }
    const { command } = invocation
    if (!command) throw new UsageError('there is nothing to run: give a COMMAND after --')
    const onWaiting = () => this.#preparation.begin(command)
    const turn = await this.within(this.limits(0), (space, { signal }) =>
      Turn.take(space, name, { ...options, signal, onWaiting, onTrouble: note }),
    )
    if (!turn) return this.#skip(name)
    noteRaisedTtl(options.ttl, turn.ttl)
    let timeout: number | undefined
    try {
      process.exitCode = await this.#run(name, turn, command)
    } catch (error) {
      if (isUnanswered(error)) timeout = GIVING_UP_BRIEFLY
      throw error
    } finally {
      await giveUp(turn, this.interrupts, (signal) => turn.release(signal), timeout)
    }
  }

  protected override async finish(): Promise<void> {
    await this.#preparation.discard()
    await super.finish()
  }

  async #run(name: string, turn: Turn, command: readonly string[]): Promise<number> {
    const environment = {
      ...this.childEnvironment(await this.space({}), name),
      RDV_FENCING_TOKEN: String(turn.token),
    }
    const { interrupts } = this
    const preparation = this.#preparation
    const code = await runHeld(command, turn, { interrupts, environment, preparation })
    if (code === 0) await untilHurried(interrupts, (signal) => turn.done(signal))
    return code
  }

  #skip(name: string): void {
    if (invocation.style.verbose) note(`${name} is done already`)
  }
}

const isUnanswered = (error: unknown): boolean =>
  error instanceof IndeterminateError || error instanceof UnavailableError
