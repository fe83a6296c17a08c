import { once } from 'node:events'
import type { Readable, Writable } from 'node:stream'
import { type Execa, type Launched, launch } from './launch.ts'
import { type Executable, findProgram } from './resolve.ts'

/** A process that waits to become a program. To start one takes longer than all else between two holders. */
export interface Launcher extends Launched {
  /** Whether it waits to become that program. */
  isFor(program: Executable): boolean
  /** Becomes the program, with variables added to its environment. */
  go(variables: Readonly<Record<string, string>>): void
  /** It is not needed any more. */
  discard(): void
}

const SHELL = '/bin/sh'

/** Each line on descriptor 3 is a variable, until it is told to go. It ends where we do. */
const SCRIPT = `
RDV_LAUNCH=
until [ "$RDV_LAUNCH" = go ]; do
  IFS= read -r RDV_LAUNCH <&3 || exit
  [ "$RDV_LAUNCH" = go ] || export "$RDV_LAUNCH"
done
unset RDV_LAUNCH
exec 3<&- "$@"`

/**
 * Starts a launcher that leads a process group of its own. `undefined` where there is no shell that hands on this
 * environment as it is: some add variables of their own, all drop those whose names they do not understand.
 */
export const startLauncher = async (
  execa: Execa,
  program: Executable,
  env: NodeJS.ProcessEnv,
): Promise<Launcher | undefined> => {
  if (findProgram(SHELL, {}) === undefined || env.PATH === undefined) return undefined
  if (!(await keepsEnvironment(execa, env))) return undefined
  return start(execa, program, env, 'inherit')
}

const start = (
  execa: Execa,
  program: Executable,
  env: NodeJS.ProcessEnv,
  stdout: 'inherit' | 'pipe',
): Launcher => {
  const shell = { file: SHELL, argv: ['sh', '-c', SCRIPT, 'sh', ...program.argv] }
  const stdio = ['inherit', stdout, 'inherit', 'pipe'] as const
  const launched = launch({ execa, name: SHELL, program: shell, env, detached: true, stdio })
  const pipe = launched.pipes[3] as Writable
  // It may have been killed.
  pipe.on('error', () => {})
  let waiting = launched.pid !== undefined
  const stopWaiting = () => {
    waiting = false
  }
  launched.ended.then(stopWaiting, stopWaiting)
  return {
    ...launched,
    isFor: (other) => waiting && other.file === program.file && same(other.argv, program.argv),
    go(variables) {
      stopWaiting()
      const lines = Object.entries(variables).map(([name, value]) => `${name}=${value}\n`)
      pipe.end(`${lines.join('')}go\n`)
    },
    discard: () => void pipe.end(),
  }
}

const same = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((word, at) => word === b[at])

/** A rehearsal, which also has everything loaded and compiled that the start needs. */
const keepsEnvironment = async (execa: Execa, env: NodeJS.ProcessEnv): Promise<boolean> => {
  const launcher = start(execa, { file: 'env', argv: ['env'] }, env, 'pipe')
  let text = ''
  const stdout = launcher.pipes[1] as Readable
  stdout.on('data', (chunk) => {
    text += chunk
  })
  launcher.go({})
  const closed = once(stdout, 'close')
  const { code } = await launcher.ended
  await closed
  const expected = Object.entries(env).map(([name, value]) => `${name}=${value}`)
  return code === 0 && sorted(text.trimEnd()) === sorted(expected.join('\n'))
}

const sorted = (text: string): string => text.split('\n').sort().join('\n')
