import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { IndeterminateError, UnavailableError, UsageError } from '../base/errors.ts'
import { printable } from '../base/redact.ts'
import { optional, parsePositiveDuration } from '../base/values.ts'
import { Preparation } from '../child/preparation.ts'
import { RdvCommand } from '../cli/base-command.ts'
import { ownershipFlags, ownershipOptions } from '../cli/flags/ownership-flags.ts'
import { invocation } from '../cli/invocation.ts'
import { showingHolder } from '../cli/output/holder-line.ts'
import { note, printBesideCommand } from '../cli/output/print.ts'
import { describeMoment } from '../cli/output/since.ts'
import {
  BRIEF_RELEASE_LIMIT,
  noteRaisedTtl,
  noteRemains,
  releaseWithin,
  runHeld,
  untilHurried,
} from '../cli/run-held.ts'
import { checkKey } from '../recipes/core/keys.ts'
import { Turn, whoDid } from '../recipes/once/once.ts'
import type { OnceRecord } from '../recipes/once/once-record.ts'

export default class Once extends RdvCommand {
  static override summary = 'Runs COMMAND in one process at a time until it has succeeded once.'
  static override description =
    `The other processes wait. When COMMAND has succeeded, they exit with 0 and report on stderr which process ran it and when.
If COMMAND fails or its process dies, the next process runs it. After 'rdv clear --all NAME', COMMAND can run again.
With --json, each process prints an object on stderr. It has exitCode if the process ran COMMAND, and by (host, pid, at) otherwise.`
  static override usage = 'once NAME [FLAGS] -- COMMAND…'
  static override examples = [
    '<%= config.bin %> once migrate-v7 -- ./migrate',
    '<%= config.bin %> once nightly --expire 20h --try --exit-codes no=0 -- ./nightly-job',
  ]
  static override args = {
    name: Args.string({
      description: 'Name of the step, such as migrate-v7.',
      required: true,
      ignoreStdin: true,
    }),
  }
  static override flags = {
    expire: Flags.string({
      summary: 'Time after which COMMAND may run again, such as 20h. Default: never.',
      helpValue: 'DURATION',
    }),
    ...ownershipFlags,
  }

  protected override readonly takesCommand = true
  readonly #preparation = new Preparation()

  async run(): Promise<void> {
    const { args, flags } = await this.begin(Once)
    const name = checkKey(args.name)
    const expire = optional(flags.expire, parsePositiveDuration('--expire'))
    const options = { ...ownershipOptions(flags), expire }
    const { command } = invocation
    if (!command) throw new UsageError('COMMAND is missing: write -- COMMAND')
    const onWaiting = () => this.#preparation.begin(command)
    const told = { onWaiting, onTrouble: note }
    const turn = await showingHolder(name, (onHolder) =>
      this.within(this.limits(0), (namespace, { signal }) =>
        Turn.take(namespace, name, { ...options, ...told, onHolder, signal }),
      ),
    )
    if (!turn) return this.#skip(name)
    noteRaisedTtl(options.ttl, turn.ttl)
    let timeout: number | undefined
    let done = false
    try {
      process.exitCode = await this.#run(name, turn, command)
      done = process.exitCode === 0
    } catch (error) {
      if (isUnanswered(error)) timeout = BRIEF_RELEASE_LIMIT
      throw error
    } finally {
      await releaseWithin(turn, this.interrupts, (signal) => turn.release(signal), timeout)
      // After a success, the queue entry is already removed.
      if (!done) noteRemains(name, turn)
    }
  }

  protected override async finish(): Promise<void> {
    await this.#preparation.discard()
    await super.finish()
  }

  async #run(name: string, turn: Turn, command: readonly string[]): Promise<number> {
    const environment = {
      ...this.childEnvironment(await this.namespace({}), name),
      RDV_FENCING_TOKEN: String(turn.token),
    }
    const { interrupts } = this
    const preparation = this.#preparation
    const code = await runHeld(command, turn, { interrupts, environment, preparation })
    if (code === 0) await untilHurried(interrupts, (signal) => turn.done(signal))
    printBesideCommand({ ok: code === 0, name, ran: true, exitCode: code })
    return code
  }

  async #skip(name: string): Promise<void> {
    const { quiet, json } = invocation.style
    if (quiet && !json) return
    const done = await this.within(this.limits(), (namespace, { signal }) =>
      whoDid(namespace, name, signal),
    ).catch(() => undefined)
    const { host, pid, at } = done ?? {}
    if (json) return printBesideCommand({ ok: true, name, ran: false, by: { host, pid, at } })
    note(`${name} was already done${doneBy({ host, pid, at })}: COMMAND was not run`)
  }
}

/** A record that another program wrote may lack fields. */
const doneBy = ({ host, pid, at }: Partial<OnceRecord>): string => {
  const process = pid === undefined ? '' : `pid ${pid} on `
  const who = host === undefined ? '' : ` by ${process}${printable(host)}`
  return at === undefined ? who : `${who} at ${printable(describeMoment(at, ' ago'))}`
}

const isUnanswered = (error: unknown): boolean =>
  error instanceof IndeterminateError || error instanceof UnavailableError
