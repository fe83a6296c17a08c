import type { Stream } from 'node:stream'
import { exitCodeOf } from './ending.ts'
import { commandError } from './errors.ts'
import type { Outcome } from './outcome.ts'
import type { Executable } from './resolve.ts'

/** The type of execa's main function. The library itself is loaded when it is needed. */
export type Execa = typeof import('execa').execa

type Descriptor = 'inherit' | 'pipe'
type Descriptors = readonly [Descriptor, Descriptor, Descriptor, ...Descriptor[]]

export interface Launch {
  readonly execa: Execa
  /** COMMAND's name as it was typed. */
  readonly name: string
  readonly program: Executable
  readonly env: NodeJS.ProcessEnv
  /** Whether the program leads a process group of its own. */
  readonly detached: boolean
  /** The program's descriptors from 0 on. Default: the standard streams of this process. */
  readonly stdio?: Descriptors
}

export interface Launched {
  /** Undefined if the program could not be started; `ended` then rejects. */
  readonly pid: number | undefined
  readonly ended: Promise<Pick<Outcome, 'code' | 'signal'>>
  /** The ends of the pipes in this process, by descriptor. */
  readonly pipes: readonly (Stream | null | undefined)[]
}

/** Starts a program. */
export function launch(options: Launch): Launched {
  const child = spawn(options)
  return { pid: child.pid, ended: ending(child, options.name), pipes: child.nodeChildProcess.stdio }
}

function spawn({
  execa,
  program,
  env,
  detached,
  stdio = ['inherit', 'inherit', 'inherit'],
}: Launch) {
  const [argv0, ...args] = program.argv
  return execa(program.file, args, {
    argv0,
    env,
    detached,
    extendEnv: false,
    stdio,
    reject: false,
    buffer: false,
    // execa's own cleanup would reach only the child, and would not run after kill -9. The watchdog does more.
    cleanup: false,
    forceKillAfterDelay: false,
    verbose: 'none',
  })
}

/** Settles as soon as the process has ended: its pipes may still be open, but the next holder is waiting. */
function ending(child: ReturnType<typeof spawn>, name: string): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    child.nodeChildProcess.once('exit', (code, signal) =>
      resolve(signal ? killedBy(signal) : { code: code ?? 0 }),
    )
    child.then(({ exitCode, signal, cause }) => {
      if (exitCode === undefined && !signal) reject(commandError(name, cause))
    }, reject)
  })
}

const killedBy = (signal: NodeJS.Signals): Outcome => ({ code: exitCodeOf(signal), signal })
