import { exitCodeOf } from './ending.ts'
import { commandError } from './errors.ts'
import type { Executable } from './resolve.ts'
import type { Outcome } from './supervision.ts'

/** execa's main function; only a type, the library is loaded when it is needed. */
type Execa = typeof import('execa').execa

export interface Launch {
  readonly execa: Execa
  /** COMMAND's name as it was typed. */
  readonly name: string
  readonly program: Executable
  readonly env: NodeJS.ProcessEnv
  /** Lead a process group of its own. */
  readonly detached: boolean
}

export interface Launched {
  /** Undefined when it could not be started; `ended` then rejects. */
  readonly pid: number | undefined
  readonly ended: Promise<Pick<Outcome, 'code' | 'signal'>>
}

/** Starts a program with our standard streams. */
export function launch(options: Launch): Launched {
  const child = spawn(options)
  return { pid: child.pid, ended: ending(child, options.name) }
}

function spawn({ execa, program, env, detached }: Launch) {
  const [argv0, ...args] = program.argv
  return execa(program.file, args, {
    argv0,
    env,
    detached,
    extendEnv: false,
    stdio: 'inherit',
    reject: false,
    buffer: false,
    // Its own clean-up would reach the child only, and not upon kill -9: the guard does more.
    cleanup: false,
    forceKillAfterDelay: false,
    verbose: 'none',
  })
}

async function ending(child: ReturnType<typeof spawn>, name: string): Promise<Outcome> {
  const { exitCode, signal, cause } = await child
  if (signal) return { code: exitCodeOf(signal), signal }
  if (exitCode === undefined) throw commandError(name, cause)
  return { code: exitCode }
}
