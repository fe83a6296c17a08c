import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from '../finished.ts'

interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  /** `stdout` is the text on stdout; `output` is the text on stdout and stderr in the order of arrival. */
  readonly stdout: string
  readonly output: string
}

export interface Started {
  readonly pid: number
  readonly child: ChildProcess
  /** Waits until the output matches. Returns the first group of the match. */
  says(pattern: RegExp): Promise<string>
  readonly ended: Promise<Ended>
}

const fixture = (name: string): string =>
  fileURLToPath(new URL(`./fixtures/${name}.ts`, import.meta.url))

/** The command line of a fixture, for a test that runs it within another program. */
export const driver = (name: string, ...args: string[]): string[] => [
  process.execPath,
  fixture(name),
  ...args,
]

/** Starts a process in a session of its own, away from the terminal on which the tests may run. */
export function start(
  [file = '', ...args]: readonly string[],
  options: { stdio?: StdioOptions; env?: NodeJS.ProcessEnv; cwd?: string } = {},
): Started {
  const child = spawn(file, args, {
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
    ...options,
  })
  const seen = { stdout: '', output: '' }
  const changed = new EventTarget()
  const add = (chunk: Buffer, stdout: boolean): void => {
    seen.output += chunk
    if (stdout) seen.stdout += chunk
    changed.dispatchEvent(new Event('change'))
  }
  child.stdout?.on('data', (chunk) => add(chunk, true))
  child.stderr?.on('data', (chunk) => add(chunk, false))
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => resolve({ code, signal, ...seen }))
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  return { pid: child.pid ?? 0, child, ended, says: (p) => match(p, seen, changed, ended) }
}

function match(
  pattern: RegExp,
  seen: { readonly output: string },
  changed: EventTarget,
  ended: Promise<Ended>,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const look = (): void => {
      const found = pattern.exec(seen.output)
      if (found) resolve(found[1] ?? found[0])
    }
    changed.addEventListener('change', look)
    ended.then(() => reject(new Error(`ended without saying ${pattern}: ${seen.output}`)), reject)
    look()
  })
}

export const run = (command: readonly string[], options?: Parameters<typeof start>[1]) => {
  const started = start(command, options)
  started.child.stdin?.end()
  return started.ended
}

/** The state of a process, one letter as in ps(1); `undefined` if there is no such process. */
export function stateOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return stat.slice(stat.lastIndexOf(')') + 2)[0]
  } catch {
    return undefined
  }
}

/** Waits for a state of the system for which there is no event. */
export async function until(what: string, holds: () => boolean): Promise<void> {
  const deadline = performance.now() + 5000
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`not within 5 s: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

export const isGone = (pid: number): boolean => [undefined, 'Z', 'X'].includes(stateOf(pid))

export const gone = (pid: number): Promise<void> => until(`process ${pid} gone`, () => isGone(pid))
