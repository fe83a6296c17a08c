import type { Readable, Writable } from 'node:stream'
import { type Execa, type Launched, launch } from './launch.ts'
import { type Executable, findProgram } from './resolve.ts'

/**
 * A process that waits to become a program. Starting a process takes longer than all other steps between two holders.
 */
export interface Launcher extends Pick<Launched, 'ended'> {
  readonly pid: number
  /** Whether the process still waits. */
  readonly waiting: boolean
  /** Makes the process become the program, with `variables` added to its environment. */
  go(variables: Readonly<Record<string, string>>): void
  /** Ends the process, because it is not needed any more. */
  discard(): void
}

const SHELL = '/bin/sh'

/**
 * Each line on descriptor 3 is a variable, until the line `go`. At the end of input the shell exits, so it ends with
 * this process.
 */
const SCRIPT = `
RDV_LAUNCH=
until [ "$RDV_LAUNCH" = go ]; do
  IFS= read -r RDV_LAUNCH <&3 || exit
  [ "$RDV_LAUNCH" = go ] || export "$RDV_LAUNCH"
done
unset RDV_LAUNCH
exec 3<&- "$@"`

/**
 * Starts a launcher. If `detached`, the launcher leads a process group of its own. Returns `undefined` if no shell
 * passes this environment on unchanged: some shells add variables of their own, and all shells drop variables whose
 * names they do not understand.
 */
export const startLauncher = async (
  execa: Execa,
  program: Executable,
  env: NodeJS.ProcessEnv,
  detached: boolean,
): Promise<Launcher | undefined> => {
  if (findProgram(SHELL, {}) === undefined || env.PATH === undefined) return undefined
  if (!(await keepsEnvironment(execa, env))) return undefined
  return start(execa, program, env, { detached, stdout: 'inherit' }).launcher
}

const start = (
  execa: Execa,
  program: Executable,
  env: NodeJS.ProcessEnv,
  { detached, stdout }: { readonly detached: boolean; readonly stdout: 'inherit' | 'pipe' },
) => {
  const shell = { file: SHELL, argv: ['sh', '-c', SCRIPT, 'sh', ...program.argv] }
  const stdio = ['inherit', stdout, 'inherit', 'pipe'] as const
  const { pid, ended, pipes } = launch({
    ...{ execa, name: SHELL, program: shell, env, detached, stdio },
  })
  return {
    launcher: pid === undefined ? undefined : launcherOf(pid, ended, pipes[3] as Writable),
    pipes,
  }
}

const launcherOf = (pid: number, ended: Launched['ended'], pipe: Writable): Launcher => {
  // A write fails if the launcher was killed.
  pipe.on('error', () => {})
  let waiting = true
  const stopWaiting = () => {
    waiting = false
  }
  ended.then(stopWaiting, stopWaiting)
  return {
    pid,
    ended,
    get waiting() {
      return waiting
    },
    go(variables) {
      stopWaiting()
      const lines = Object.entries(variables).map(([name, value]) => `${name}=${value}\n`)
      pipe.end(`${lines.join('')}go\n`)
    },
    discard: () => void pipe.end(),
  }
}

/**
 * Checks with env(1) that the shell keeps the environment. This also loads and compiles everything that the start
 * needs.
 */
const keepsEnvironment = async (execa: Execa, env: NodeJS.ProcessEnv): Promise<boolean> => {
  const { launcher, pipes } = start(execa, { file: 'env', argv: ['env'] }, env, {
    detached: true,
    stdout: 'pipe',
  })
  if (!launcher) return false
  launcher.go({})
  const text = await wholeText(pipes[1] as Readable)
  const { code } = await launcher.ended
  const expected = Object.entries(env).map(([name, value]) => `${name}=${value}`)
  return code === 0 && sorted(text) === sorted(`${expected.join('\n')}\n`)
}

const wholeText = async (stream: Readable): Promise<string> => {
  let text = ''
  for await (const chunk of stream.setEncoding('utf8')) text += chunk
  return text
}

const sorted = (text: string): string => text.split('\n').sort().join('\n')
