import { closeInherited } from './descriptors.ts'
import { isExact } from './exact-environment.ts'
import type { Execa } from './launch.ts'
import { type Launcher, startLauncher } from './launcher.ts'
import { executable } from './resolve.ts'
import { restoreSoftLimit } from './soft-limit.ts'
import { placementOfCommand } from './terminal.ts'
import { startWatchdog, type Watchdog } from './watchdog.ts'

/** The parts that COMMAND's start needs and that take time to create. */
export interface Prepared {
  readonly watchdog: Watchdog
  readonly execa: Execa
  /** A process that waits to become COMMAND. The watchdog knows it already. */
  readonly launcher?: Launcher | undefined
}

/**
 * Prepares COMMAND's start while the caller waits for its turn. The next holder can then start COMMAND when the
 * previous holder has ended, and not tens of milliseconds later.
 */
export class Preparation {
  #prepared: Promise<Prepared> | undefined

  /** Begins the preparation. Does nothing if it was begun before. */
  begin(command: readonly string[]): void {
    if (this.#prepared) return
    this.#prepared = prepare().then((prepared) => withLauncher(prepared, command))
    this.#prepared.catch(() => {}) // `take` reports the error
  }

  /** Returns the prepared parts for one start. The caller must end the watchdog. */
  async take(): Promise<Prepared> {
    const begun = this.#prepared
    this.#prepared = undefined
    const prepared = await (begun ?? prepare())
    if (!prepared.launcher || prepared.launcher.waiting) return prepared
    // The launcher was killed. A watchdog serves one process, so a new one is started.
    prepared.watchdog.done()
    return prepare()
  }

  /** Ends the prepared parts, because no COMMAND will be started. Never rejects. */
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

/** In the foreground of a terminal there is no launcher: a key such as Ctrl-Z would reach it before it is COMMAND. */
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
    // The start reports what is wrong with COMMAND.
    return prepared
  }
}
