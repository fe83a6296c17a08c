import { spawn, spawnSync } from 'node:child_process'
import { performance } from 'node:perf_hooks'

/** The result of an operation that was repeated many times, in milliseconds. */
export interface Sample {
  readonly p50: number
  readonly p99: number
}

export const summarize = (times: readonly number[]): Sample => {
  const sorted = [...times].sort((a, b) => a - b)
  const at = (share: number) =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]
  return { p50: at(0.5) ?? 0, p99: at(0.99) ?? 0 }
}

export interface Command {
  readonly name: string
  readonly words: readonly [string, ...string[]]
  readonly env?: Readonly<Record<string, string>>
}

/**
 * Measures whole processes. The commands take turns, so that a disturbance of the machine affects all of them alike.
 */
export const compareProcesses = (commands: readonly Command[], rounds: number): Sample[] => {
  const times = commands.map((): number[] => [])
  for (let round = 0; round <= rounds; round++) {
    for (const [index, command] of commands.entries()) {
      const time = timeProcess(command)
      // The first round only fills the file cache.
      if (round > 0) times[index]?.push(time)
    }
  }
  return times.map(summarize)
}

const timeProcess = ({ words: [file, ...args], env }: Command): number => {
  const started = performance.now()
  const { status, stderr } = spawnSync(file, args, { env: { ...process.env, ...env } })
  const time = performance.now() - started
  if (status !== 0) throw new Error(`${file} ${args.join(' ')} ended with ${status}: ${stderr}`)
  return time
}

/** Starts a process that writes to stderr once it waits, and that ends some time later. */
export const startWaiter = async ({ words: [file, ...args], env }: Command) => {
  const child = spawn(file, args, {
    env: { ...process.env, ...env },
    stdio: ['pipe', 'ignore', 'pipe'],
  })
  const ended = new Promise<number>((resolve, reject) => {
    child.on('exit', (code) =>
      code === 0 ? resolve(performance.now()) : reject(new Error(`exit code ${code}`)),
    )
  })
  await new Promise<void>((resolve) => child.stderr.once('data', () => resolve()))
  return { ended, stdin: child.stdin }
}
