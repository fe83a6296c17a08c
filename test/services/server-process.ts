import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { releaseProcess, watchdogProcess } from './watchdog.ts'

/** How a server is started. */
export interface Launch {
  readonly command: string
  readonly args: readonly string[]
  readonly env: NodeJS.ProcessEnv
  /** The user (and group) id of the server, if it is not the tests' own. */
  readonly uid?: number
}

/** A running server. */
export interface ServerProcess {
  readonly pid: number
  readonly ended: boolean
  /** Sends a signal to the server and its child processes. */
  signal(name: NodeJS.Signals): void
  /** Sends the signal and waits until the server has ended. */
  end(name: NodeJS.Signals): Promise<void>
}

/** The server ended before it answered, often because another process has taken one of its ports. */
export class EndedEarlyError extends Error {}

const readyWithin = 60_000
const lookEvery = 15

const childrenOf = (pid: number): number[] =>
  processes().flatMap(([child, parent]) => (parent === pid ? [child] : []))

const processes = (): [pid: number, parent: number][] => {
  try {
    return readdirSync('/proc')
      .filter(Number)
      .map((pid) => [Number(pid), parentOf(pid)])
  } catch {
    return [] // no /proc on this system: signals still reach servers of one process
  }
}

const parentOf = (pid: string): number => {
  try {
    // the name in parentheses may contain any character, even spaces and parentheses
    return Number(readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ')[1])
  } catch {
    return 0
  }
}

const send = (pid: number, name: NodeJS.Signals): void => {
  try {
    process.kill(pid, name)
  } catch {
    // the process has ended
  }
}

const hasEnded = (child: ChildProcess): boolean =>
  child.exitCode !== null || child.signalCode !== null

const begin = async (launch: Launch, log: string): Promise<ChildProcess> => {
  const output = openSync(log, 'a')
  const user = launch.uid === undefined ? {} : { uid: launch.uid, gid: launch.uid }
  try {
    const child = spawn(launch.command, launch.args, {
      env: launch.env,
      cwd: '/',
      stdio: ['ignore', output, output],
      // Ctrl-C in a terminal is for the tests, which stop their servers themselves
      detached: true,
      ...user,
    })
    await once(child, 'spawn')
    return child
  } finally {
    closeSync(output)
  }
}

const handle = (child: ChildProcess, pid: number): ServerProcess => ({
  pid,
  get ended() {
    return hasEnded(child)
  },
  signal(name) {
    const all = [pid, ...childrenOf(pid)]
    for (const one of all) send(one, name)
  },
  async end(name) {
    if (hasEnded(child)) return
    const exit = once(child, 'exit')
    this.signal(name)
    await exit
  },
})

const waitUntilReady = async (
  server: ServerProcess,
  ready: () => Promise<boolean>,
  log: string,
): Promise<void> => {
  const deadline = performance.now() + readyWithin
  while (!(await ready())) {
    if (server.ended) throw new EndedEarlyError(`it ended early:\n${readFileSync(log, 'utf8')}`)
    if (performance.now() > deadline) {
      throw new Error(`it does not answer:\n${readFileSync(log, 'utf8')}`)
    }
    await delay(lookEvery)
  }
}

/** Starts a server and resolves when `ready` says that it answers. */
export const startProcess = async (
  launch: Launch,
  ready: () => Promise<boolean>,
  log: string,
): Promise<ServerProcess> => {
  const child = await begin(launch, log)
  const pid = child.pid as number
  watchdogProcess(pid)
  child.once('exit', () => releaseProcess(pid))
  const server = handle(child, pid)
  try {
    await waitUntilReady(server, ready, log)
  } catch (error) {
    await server.end('SIGKILL')
    throw error
  }
  return server
}
