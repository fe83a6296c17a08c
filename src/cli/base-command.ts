import { Command } from '@oclif/core/command'
import type * as Interfaces from '@oclif/core/interfaces'
import { DEFAULT_BACKEND } from '../backends/open.ts'
import { parseDuration } from '../duration.ts'
import { SilentStoreError, UnavailableError, UsageError } from '../errors.ts'
import { open } from '../open.ts'
import { type Limits, withDeadline } from '../recipes/deadline.ts'
import type { Space } from '../recipes/space.ts'
import { redactMalformed } from '../redact.ts'
import { parseExitCodes } from './exit-codes.ts'
import { globalFlags } from './flags.ts'
import { Interrupts } from './interrupts.ts'
import { invocation } from './invocation.ts'

type GlobalFlags = Interfaces.InferredFlags<typeof globalFlags>

/** What oclif declares protected. */
interface Runnable<R> {
  _run(): Promise<R>
}

/** How long (milliseconds) a command that does not wait may try to reach its backend. */
const USUAL_TIMEOUT = 10_000

/** What every command shares: global flags, the deadline, interrupts, and the store, opened when needed. */
export abstract class RdvCommand extends Command {
  static override baseFlags = globalFlags

  /** As oclif's own, but with the configuration at hand instead of loading it a second time. */
  static override run<T extends Command>(
    this: new (
      argv: string[],
      config: Interfaces.Config,
    ) => T,
    argv: string[] = [],
    config?: Interfaces.LoadOptions,
  ): Promise<ReturnType<T['run']>> {
    const command = new this(argv, config as Interfaces.Config) as T &
      Runnable<ReturnType<T['run']>>
    return command._run()
  }

  /** Whether a COMMAND may follow after `--`. */
  protected readonly takesCommand: boolean = false
  /** Whether it does little with the store, or waits most of its time. */
  protected brief = true
  protected readonly interrupts = new Interrupts()
  #flags: GlobalFlags | undefined
  #space: Promise<Space> | undefined

  /** Parses the arguments. Call it first, with the command's own class. */
  protected async begin<T extends typeof RdvCommand>(command: T) {
    const parsed = await this.parse(command as typeof RdvCommand & T)
    const flags = parsed.flags as GlobalFlags
    if (flags.backend === '')
      throw new UsageError('--backend is empty: name one, or leave the flag out')
    this.#flags = flags
    const exitCodes = flags['exit-codes'] === undefined ? {} : parseExitCodes(flags['exit-codes'])
    const { json, quiet, verbose } = flags
    invocation.style = { json, quiet, verbose, exitCodes }
    this.#checkCommand()
    return parsed as unknown as {
      args: Interfaces.InferredArgs<T['args']>
      flags: Interfaces.InferredFlags<T['flags']> & GlobalFlags
    }
  }

  /** When to give up: `--timeout`, or else this many milliseconds (0: never), or when interrupted. */
  protected limits(usual = USUAL_TIMEOUT): Limits {
    const text = this.#flags?.timeout
    const timeout = text === undefined ? usual : parseDuration(text, '--timeout')
    return { timeout, signal: this.interrupts.signal }
  }

  /** The store, opened at the first call and again after a failure; with a signal tried until that aborts. */
  protected space(signal?: AbortSignal): Promise<Space> {
    const namespace = this.#flags?.namespace
    this.#space ??= open(this.#flags?.backend, { namespace, brief: this.brief, signal }).catch(
      (error) => {
        this.#space = undefined
        throw error
      },
    )
    return this.#space
  }

  /** Does something with the store before the deadline. */
  protected within<T>(
    limits: Limits,
    body: (space: Space, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    return withDeadline(limits, async (signal) => body(await this.space(signal), signal))
  }

  /** What a child is told of the store that is in effect. */
  protected childEnvironment(space: Space, key: string): Record<string, string> {
    const backend = this.#flags?.backend ?? space.backend.address
    return { RDV_BACKEND: backend, RDV_NAMESPACE: space.namespace, RDV_KEY: key }
  }

  /** Frees everything, so that the process may end, or become another one. */
  protected async release(): Promise<void> {
    const opened = this.#space
    this.#space = undefined
    const space = await opened?.catch(() => undefined)
    await space?.backend.close({ ending: true })
    this.interrupts[Symbol.dispose]()
  }

  /** Frees everything and becomes COMMAND: does not return. */
  protected async become(command: readonly string[]): Promise<never> {
    const { replaceProcess } = await import('../child/replace.ts')
    await this.release()
    return replaceProcess(command)
  }

  /** oclif looks here for commands that are to be removed some day; we have none. */
  override async init(): Promise<void> {}

  override async finally(): Promise<void> {
    await this.release()
  }

  /** Failures are reported in one place, by who runs the command. */
  override async catch(error: Error): Promise<never> {
    throw await this.#named(error)
  }

  /** Who only saw that no answer came does not know from whom. */
  async #named(error: Error): Promise<Error> {
    if (!(error instanceof SilentStoreError)) return error
    const space = await this.#space?.catch(() => undefined)
    const address =
      space?.backend.address ?? redactMalformed(this.#flags?.backend ?? DEFAULT_BACKEND)
    return new UnavailableError(`${address} did not answer before the time was up`, {
      cause: error,
    })
  }

  #checkCommand(): void {
    const { command } = invocation
    if (command === undefined) return
    if (!this.takesCommand) throw new UsageError(`rdv ${this.id} runs no command: leave out the --`)
    if (!command[0]) throw new UsageError('there is no command after the --')
  }
}
