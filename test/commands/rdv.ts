import { type ChildProcess, spawn } from 'node:child_process'
import { symlinkSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import type { Writable } from 'node:stream'
import { onTestFinished } from '../finished.ts'
import { releaseProcess, temporaryFolder, watchdogProcess } from '../services/watchdog.ts'
import { executable, program } from './executable.ts'
import { wrongJson } from './json-results.ts'

/** How a process ended, and its whole output. */
export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

/** A running process. */
export interface Running {
  readonly pid: number
  /** Open until the test ends it. */
  readonly stdin: Writable
  /** Waits until the output on stdout or on stderr matches. */
  says(pattern: RegExp): Promise<RegExpExecArray>
  kill(signal: NodeJS.Signals): void
  readonly ended: Promise<Ended>
  /** The exit code, even if processes that it started still have its output open; `null` if it was killed. */
  readonly exited: Promise<number | null>
}

let folder: string | undefined

/** The PATH in which a shell script finds `rdv`, as after an installation. */
const path = (): string => {
  if (folder === undefined) {
    folder = temporaryFolder('bin')
    symlinkSync(executable, join(folder, 'rdv'))
  }
  return [folder, dirname(process.execPath), process.env.PATH].join(delimiter)
}

/** A separate place in which commands meet: a new data directory, unless the settings select another store. */
export class Place {
  /** Does not exist at first. */
  readonly directory: string
  readonly env: NodeJS.ProcessEnv

  /** `settings` are further variables. The commands get no variable of the developer's own. */
  constructor(settings: NodeJS.ProcessEnv = {}) {
    this.directory = join(temporaryFolder('place'), 'data')
    this.env = { PATH: path(), RDV_DATA_DIR: this.directory, ...settings }
  }

  get file(): string {
    return join(this.directory, 'rendezvous.db')
  }

  /** Runs rdv to its end. */
  rdv(...args: string[]): Promise<Ended> {
    return withCheckedJson(this.#run(...program(args)), args).ended
  }

  /** Runs a shell script to its end. */
  sh(script: string, ...args: string[]): Promise<Ended> {
    return this.#run('/bin/sh', ['-c', script, 'sh', ...args]).ended
  }

  /** Starts rdv. It is killed at the latest when the test ends. */
  start(...args: string[]): Running {
    return withCheckedJson(this.#start(...program(args)), args)
  }

  /** Starts rdv with stdin as a pipe that the test writes to. */
  startWithInput(...args: string[]): Running {
    return withCheckedJson(this.#start(...program(args), 'pipe'), args)
  }

  /** Starts a shell script. */
  startSh(script: string, ...args: string[]): Running {
    return this.#start('/bin/sh', ['-c', script, 'sh', ...args])
  }

  /** Resolves once a key has a state. Default: any state. */
  async until(key: string, state = '*'): Promise<void> {
    const { code, stderr } = await this.rdv('wait', key, '--state', state, '--timeout', '3m')
    if (code !== 0) throw new Error(`${key} did not come to be ${state}: ${stderr}`)
  }

  /** Resolves once a key does not exist. */
  async untilGone(key: string): Promise<void> {
    const { code, stderr } = await this.rdv(
      ...['wait', key, '--not', '--state', '*', '--timeout', '3m'],
    )
    if (code !== 0) throw new Error(`${key} did not go: ${stderr}`)
  }

  /** The state of a key; `undefined` if it has none. */
  async state(key: string): Promise<string | undefined> {
    const { code, stdout, stderr } = await this.rdv('get', key)
    if (code === 1) return undefined
    if (code !== 0) throw new Error(stderr)
    return stdout.trimEnd()
  }

  #start(file: string, args: readonly string[], stdin?: 'pipe'): Running {
    const running = this.#run(file, args, stdin)
    onTestFinished(async () => {
      running.kill('SIGCONT')
      running.kill('SIGKILL')
      await running.ended
    })
    return running
  }

  #run(file: string, args: readonly string[], stdin: 'ignore' | 'pipe' = 'ignore'): Running {
    // away from the terminal on which the tests may run
    const options = { env: this.env, detached: true }
    return attend(spawn(file, args, { ...options, stdio: [stdin, 'pipe', 'pipe'] }))
  }
}

/** Lets the end of the run fail if it printed JSON that its command's schema does not allow. */
const withCheckedJson = (running: Running, args: readonly string[]): Running => {
  const ended = running.ended.then((end) => {
    const [wrong] = wrongJson(args, end)
    if (wrong !== undefined) throw new Error(wrong)
    return end
  })
  return { ...running, ended }
}

/** Collects the output of a process until its end. */
export const attend = (child: ChildProcess): Running => {
  const pid = child.pid as number
  watchdogProcess(pid)
  const written = { stdout: '', stderr: '' }
  const heard = new Set<() => void>()
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (piece: string) => {
      written[name] += piece
      for (const listener of heard) listener()
    })
  }
  // processes that it started may still have its output open
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve))
  void exited.then(() => releaseProcess(pid))
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => resolve({ code, signal, ...written }))
  })
  return {
    pid,
    stdin: child.stdin as Writable,
    kill: (signal) => void child.kill(signal),
    ended,
    exited,
    says: (pattern) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const match = pattern.exec(written.stdout) ?? pattern.exec(written.stderr)
          if (match) resolve(match)
        }
        heard.add(look)
        ended.then(
          () => reject(new Error(`it ended without saying ${pattern}: ${JSON.stringify(written)}`)),
          reject,
        )
        look()
      }),
  }
}

/** The complete lines of a text. */
export const lines = (text: string): string[] => text.split('\n').slice(0, -1)
