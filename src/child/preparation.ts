import { closeInherited } from './descriptors.ts'
import { isExact } from './exact-environment.ts'
import type { Execa } from './launch.ts'
import { type Launcher, startLauncher } from './launcher.ts'
import { executable } from './resolve.ts'
import { restoreSoftLimit } from './soft-limit.ts'
import { placementOfCommand } from './terminal.ts'
import { startWatchdog, type Watchdog } from './watchdog.ts'

/** What COMMAND's start needs and takes a while to have. */
export interface Prepared {
  readonly watchdog: Watchdog
  readonly execa: Execa
  /** A process that waits to become COMMAND, and that the watchdog knows already. */
  readonly launcher?: Launcher | undefined
}

/**
 * Gets everything ready for COMMAND while its turn is waited for, so that the next holder begins when the one before
 * has ended, and not tens of milliseconds later.
 */
export class Preparation {
  #prepared: Promise<Prepared> | undefined

  /** Begins; done already, it does nothing. */
  begin(command: readonly string[]): void {
    if (this.#prepared) return
    this.#prepared = prepare().then((prepared) => withLauncher(prepared, command))
    this.#prepared.catch(() => {}) // told to who takes it
  }

  /** For one start: who has it ends the watchdog. */
  async take(): Promise<Prepared> {
    const begun = this.#prepared
    this.#prepared = undefined
    const prepared = await (begun ?? prepare())
    if (!prepared.launcher || prepared.launcher.waiting) return prepared
    // Somebody has killed it, and a watchdog is for one process.
    prepared.watchdog.done()
    return prepare()
  }

  /** No COMMAND will be started. Never rejects. */
  async discard(): Promise<void> {
    const prepared = await this.#prepared?.catch(() => undefined)
    this.#prepared = undefined
    prepared?.watchdog.done()
    prepared?.launcher?.discard()
  }
}

const prepare = async (): Promise<Prepared> => {
  closeInherited()
  const watchdog = startWatchdog()
  try {
    const { execa } = await import('execa')
    return { watchdog, execa }
  } catch (error) {
    watchdog.done()
    throw error
  }
}

/** In the foreground of a terminal a key, such as Ctrl-Z, would reach a launcher that is not COMMAND yet. */
const withLauncher = async (prepared: Prepared, command: readonly string[]): Promise<Prepared> => {
  const placement = placementOfCommand()
  if (placement === 'foreground') return prepared
  try {
    const { watchdog, execa } = prepared
    const env = { ...watchdog.env, ...process.env, ...watchdog.env }
    if (!isExact(env)) return prepared
    const program = restoreSoftLimit(executable(command, env), env)
    const apart = placement === 'apart'
    const launcher = await startLauncher(execa, program, env, apart)
    if (launcher) watchdog.watch(apart ? -launcher.pid : launcher.pid)
    return { ...prepared, launcher }
  } catch {
    // What is wrong with COMMAND is told when it is to start.
    return prepared
  }
}
