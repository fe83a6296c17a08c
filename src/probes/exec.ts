import type {
  ChildProcessByStdio,
  SpawnOptionsWithStdioTuple,
  StdioNull,
  StdioPipe,
} from 'node:child_process'
import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { UsageError } from '../base/errors.ts'
import { codeOf } from '../base/reason.ts'
import { printable } from '../base/redact.ts'
import type { WatchedProcess } from '../child/watchdog.ts'
import { attempt, down, unknown, up } from './attempt.ts'
import { programIn, withoutSecretsOf } from './exec-secrets.ts'
import type { ProbeFactory, ProbeResult } from './probe.ts'

type Child = ChildProcessByStdio<null, null, Readable>

/**
 * Milliseconds for which the stderr of a dead command may stay open. A daemon that the command started may keep it open
 * forever.
 */
const stderrGrace = 100

/** The command gets a process group of its own, so that an abort reaches every process that the command has started. */
const spawnOptions: SpawnOptionsWithStdioTuple<StdioNull, StdioNull, StdioPipe> = {
  detached: true,
  stdio: ['ignore', 'ignore', 'pipe'],
}

/**
 * `exec:COMMAND`: up if `sh -c COMMAND` exits with 0. Processes that the command leaves running in its group are
 * killed. Any part of COMMAND may be a secret, so the probe's name and its messages contain only the program of
 * COMMAND.
 */
const exec: ProbeFactory = (text) => {
  const command = text.slice('exec:'.length)
  if (command.trim() === '') throw refusal('has no command')
  if (command.startsWith('//')) throw refusal('begins its command with //')
  if (command.includes('\0')) throw refusal('contains a NUL')
  return {
    name: `exec:${programIn(command)}`,
    check: (signal) => attempt(signal, () => run(command, signal)),
  }
}

export default exec

const refusal = (problem: string): UsageError =>
  new UsageError(`an exec: probe ${problem}: write exec:COMMAND`)

const run = async (command: string, signal: AbortSignal): Promise<ProbeResult> => {
  const { watchProcess } = await import('../child/watchdog.ts')
  signal.throwIfAborted()
  const guarded = watchProcess()
  try {
    return await runWatched(command, await start(command, guarded.env), guarded, signal)
  } finally {
    guarded.ended()
  }
}

/** The command gets this process's environment byte for byte. */
const start = async (command: string, added: WatchedProcess['env']): Promise<Child> => {
  const { spawn } = await import('node:child_process')
  const { withExactEnvironment } = await import('../child/exact-environment.ts')
  const { program, env } = withExactEnvironment({
    program: { file: 'sh', argv: ['sh', '-c', command] },
    // The added variables come first, where even a grep that stops at the first NUL (busybox) finds them.
    env: { ...added, ...process.env, ...added },
  })
  return spawn(program.file, program.argv.slice(1), { ...spawnOptions, env })
}

const runWatched = async (
  command: string,
  child: Child,
  guarded: WatchedProcess,
  signal: AbortSignal,
): Promise<ProbeResult> => {
  if (child.pid !== undefined) guarded.started(child.pid)
  const end = () => {
    killGroup(child)
    child.stderr.destroy()
    child.unref()
  }
  signal.addEventListener('abort', end, { once: true })
  if (signal.aborted) end()
  try {
    return await outcome(child, command)
  } finally {
    signal.removeEventListener('abort', end)
    end()
  }
}

const outcome = async (child: Child, command: string): Promise<ProbeResult> => {
  const complaint = lastLine(child.stderr)
  const [code, signal] = await exit(child)
  killGroup(child)
  if (code === 0) return up
  const grace = setTimeout(() => child.stderr.destroy(), stderrGrace)
  const line = printable(withoutSecretsOf(command, await complaint))
  clearTimeout(grace)
  const reason =
    (signal === null ? `exit code ${code}` : `ended by ${signal}`) + (line && `: ${line}`)
  return isResult(code) ? down(reason) : unknown(reason)
}

/**
 * A command gives no result if a signal ended it, if it cannot be run (126) or if it does not exist (127). A shell
 * reports a signal n as 128 + n.
 */
const isResult = (code: number | null): boolean =>
  code !== null && !(code === 126 || code === 127 || (code > 128 && code <= 128 + 64))

const exit = async (child: Child): Promise<[number | null, NodeJS.Signals | null]> => {
  try {
    return (await once(child, 'exit')) as [number | null, NodeJS.Signals | null]
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error
    throw new UsageError('exec: probes need sh, which is not on the PATH', { cause: error })
  }
}

const lastLine = async (stderr: Readable): Promise<string> => {
  let text = ''
  stderr.setEncoding('utf8').on('data', (chunk: string) => {
    text = (text + chunk).slice(-4096)
  })
  stderr.on('error', () => {})
  await new Promise((resolve) => stderr.once('close', resolve))
  return text.trimEnd().split('\n').at(-1) ?? ''
}

const killGroup = ({ pid }: Child): void => {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // No process is left in the group.
  }
}
