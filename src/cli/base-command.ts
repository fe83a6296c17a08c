import type * as Interfaces from '@oclif/core/interfaces'
import { parse } from '@oclif/core/parser'
import type { CallOptions } from '../backends/backend.ts'
import { DEFAULT_BACKEND } from '../backends/open.ts'
import { now } from '../base/clock.ts'
import { parseDuration } from '../base/duration.ts'
import { SilentStoreError, TimeoutError, UnavailableError, UsageError } from '../base/errors.ts'
import { reportOutages } from '../base/outage.ts'
import { redactMalformed } from '../base/redact.ts'
import { openUntilAvailable } from '../open.ts'
import { backgroundWorkDone } from '../recipes/core/background-work.ts'
import { type Limits, withDeadline } from '../recipes/core/deadline.ts'
import { checkNamespace } from '../recipes/core/keys.ts'
import type { Namespace } from '../recipes/core/namespace.ts'
import { parseExitCodes } from './exit-codes.ts'
import { globalFlags } from './flags/global-flags.ts'
import { blame, refuseValues, type SettingName, settingNames } from './flags/settings.ts'
import { Interrupts } from './interrupts.ts'
import { invocation } from './invocation.ts'
import { note } from './output/print.ts'

type GlobalFlags = Interfaces.InferredFlags<typeof globalFlags>

/** Milliseconds for which a command that does not wait tries to reach its backend. */
const DEFAULT_TIMEOUT = 10_000

/** Milliseconds after the deadline in which a slow machine may still open the store and read once. */
const OVERTIME = 500

/**
 * The base of all commands: global flags, the deadline, interrupts, and the store, which is opened at first use. A command has
 * the static properties that oclif's parser and help read. oclif's own class serves plugins and hooks, and takes longer to load
 * than a command.
 */
export abstract class RdvCommand {
  static id: string
  static summary: string
  static description?: string
  static usage?: string
  static examples: string[]
  static args: Interfaces.ArgInput = {}
  static flags: Interfaces.FlagInput = {}
  static baseFlags = globalFlags

  /** Runs the command with the words after its name. The caller reports failures. */
  static async run(this: new (argv: string[]) => RdvCommand, argv: string[]): Promise<void> {
    const command = new this(argv)
    try {
      await command.run()
    } catch (error) {
      throw await command.named(error)
    } finally {
      await command.finish()
    }
  }

  /** Whether a COMMAND may follow after `--`. */
  protected readonly takesCommand: boolean = false
  /** Whether the command makes few calls to the store, or waits most of the time. */
  protected shortLived = true
  protected readonly interrupts = new Interrupts()
  /** The source of a flag's value, for messages: `--timeout`, or the variable `RDV_TIMEOUT`. */
  protected settingName: SettingName = (flag) => `--${flag}`
  readonly #argv: string[]
  #flags: GlobalFlags | undefined
  #namespace: Promise<Namespace> | undefined

  constructor(argv: string[]) {
    this.#argv = argv
  }

  protected abstract run(): Promise<void>

  /** Parses the arguments. Call it first, with the command's own class. */
  protected async begin<T extends typeof RdvCommand>(command: T) {
    this.interrupts.listen()
    const { id, usage, args } = this.constructor as typeof RdvCommand
    const definitions: Interfaces.FlagInput = { ...command.baseFlags, ...command.flags }
    refuseValues(this.#argv, definitions)
    const parsed = await parse(this.#argv, { args: command.args, flags: definitions }).catch(
      async (error) => {
        const { explainParseError } = await import('./failure/parse-error.ts')
        const described = { id, usage, args, flags: definitions }
        throw explainParseError(error, { argv: this.#argv, command: described })
      },
    )
    const flags = parsed.flags as unknown as GlobalFlags
    if (flags.backend === '')
      throw new UsageError('--backend is empty: write a URL, or leave the flag out')
    this.#flags = flags
    this.settingName = settingNames(parsed.raw, definitions)
    const codes = flags['exit-codes']
    const exitCodes =
      codes === undefined ? {} : parseExitCodes(codes, this.settingName('exit-codes'))
    const { json, quiet, verbose } = flags
    invocation.style = { json, quiet, verbose, exitCodes }
    this.#checkCommand()
    reportOutages((reason) => this.#reportOutage(reason))
    return parsed as unknown as {
      args: Interfaces.InferredArgs<T['args']>
      flags: Interfaces.InferredFlags<T['flags']> & GlobalFlags
    }
  }

  /** The limits of a call: `--timeout` or else `usual` milliseconds (0: none), and interrupts. */
  protected limits(usual = DEFAULT_TIMEOUT): Limits {
    const text = this.#flags?.timeout
    const timeout = text === undefined ? usual : parseDuration(text, this.settingName('timeout'))
    return { timeout, overtime: OVERTIME, begun: now(), signal: this.interrupts.signal }
  }

  /** The namespace of the store. Opens the store at the first call, and again after a failure, until the call is cancelled. */
  protected namespace(call: CallOptions): Promise<Namespace> {
    this.#namespace ??= this.#openNamespace(call).catch((error) => {
      this.#namespace = undefined
      throw error
    })
    return this.#namespace
  }

  /** Runs `body` with the store until the deadline or an interrupt. */
  protected async within<T>(
    limits: Limits,
    body: (namespace: Namespace, call: { readonly signal: AbortSignal }) => Promise<T>,
  ): Promise<T> {
    try {
      return await withDeadline(limits, async (signal) =>
        body(await this.namespace({ signal }), { signal }),
      )
    } catch (error) {
      throw error instanceof TimeoutError ? await this.#judged(error) : error
    }
  }

  /** The variables that tell COMMAND which store and key are in effect. */
  protected childEnvironment(namespace: Namespace, key: string): Record<string, string> {
    const backend = this.#flags?.backend ?? namespace.backend.address
    return { RDV_BACKEND: backend, RDV_NAMESPACE: namespace.name, RDV_KEY: key }
  }

  /** Ends a command that streams results to stdout when the reader has gone, even if there is nothing to write. */
  protected async endsWithReader(): Promise<void> {
    const { watchReader } = await import('./output/reader.ts')
    watchReader(1, () => this.interrupts.tell('SIGPIPE'))
  }

  /** Called at the end of the command, also after a failure. */
  protected async finish(): Promise<void> {
    const unfinished = backgroundWorkDone()
    const { told } = this.interrupts
    if (unfinished && told) {
      const { awaitCleanup } = await import('./await-cleanup.ts')
      await awaitCleanup(unfinished, told)
    }
    await this.release()
  }

  /** Closes the store and stops listening for interrupts, before the process ends or becomes COMMAND. */
  protected async release(): Promise<void> {
    const opened = this.#namespace
    this.#namespace = undefined
    const namespace = await opened?.catch(() => undefined)
    await namespace?.backend.close({ ending: true })
    this.interrupts[Symbol.dispose]()
  }

  /** Releases everything and replaces this process by COMMAND. Does not return. */
  protected async become(command: readonly string[]): Promise<never> {
    const { replaceProcess } = await import('../child/replace.ts')
    await this.release()
    return replaceProcess(command)
  }

  async #openNamespace(call: CallOptions): Promise<Namespace> {
    const { backend, namespace } = this.#flags ?? {}
    try {
      return await openUntilAvailable(backend, { namespace, shortLived: this.shortLived }, call)
    } catch (error) {
      throw blame(error, this.settingName(isWrong(namespace) ? 'namespace' : 'backend'))
    }
  }

  /** The error. One of a silent store gets the address of the store. */
  protected async named(error: unknown): Promise<unknown> {
    if (!(error instanceof SilentStoreError)) return error
    const namespace = await this.#namespace?.catch(() => undefined)
    const address = namespace?.backend.address ?? this.#backend
    return new UnavailableError(`${address} did not answer before the timeout`, {
      cause: error,
    })
  }

  /** The error at the deadline: an outage if the store does not answer. An error with pending targets was checked already. */
  async #judged(error: TimeoutError): Promise<unknown> {
    const namespace = await this.#namespace?.catch(() => undefined)
    if (!namespace || error.pending.length > 0) return error
    const { timeoutOrUnavailable } = await import('../recipes/core/last-check.ts')
    return timeoutOrUnavailable(namespace, error)
  }

  /** The backend as the user named it, for messages. Secrets are redacted. */
  get #backend(): string {
    return redactMalformed(this.#flags?.backend ?? DEFAULT_BACKEND)
  }

  #reportOutage(reason = `${this.#backend} does not answer`): void {
    note(`still trying to reach the store: ${reason}`)
  }

  #checkCommand(): void {
    const { command } = invocation
    const { id } = this.constructor as typeof RdvCommand
    if (command === undefined) return
    const name = id.replace(':', ' ')
    if (!this.takesCommand) throw new UsageError(`rdv ${name} takes no COMMAND: leave out the --`)
    if (!command[0]) throw new UsageError('COMMAND is missing after --: write -- COMMAND')
  }
}

const isWrong = (namespace: string | undefined): boolean => {
  try {
    if (namespace !== undefined) checkNamespace(namespace)
    return false
  } catch {
    return true
  }
}
