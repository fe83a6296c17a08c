import { spawn } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { constants as system } from 'node:os'
import { monotonic } from '../base/monotonic.ts'
import { MARK } from './exact-environment.ts'
import { NODE_WATCHDOG, SHELL_WATCHDOG } from './watchdog-programs.ts'

/** How a watchdog recognizes a process. */
interface Marked {
  /** The text in the environment of COMMAND's processes: `NAME=value`. */
  readonly mark: string
  /**
   * To be added to COMMAND's environment. The watchdog finds COMMAND by this mark before its process id is known here.
   */
  readonly env: Readonly<Record<string, string>>
}

/** Kills COMMAND when this process dies. */
export interface Watchdog extends Marked {
  readonly pid: number
  /** Adds a target to kill: a process with its descendants, or (negative) a process group. Written at once. */
  watch(target: number): void
  /** Sends a process a signal from another process group than this one. Returns `false` if the watchdog has ended. */
  send(pid: number, signal: NodeJS.Signals): boolean
  /** Ends the watchdog, because COMMAND has ended or was never started. */
  done(): void
}

/** A process that the watchdog kills, with everything that it has started, when this process dies. */
export interface WatchedProcess extends Pick<Marked, 'env'> {
  /** Records that the process has started and leads this process group. */
  started(group: number): void
  /** Records that the process has ended or was never started. Call it once. */
  ended(): void
}

/** bun opens no debugger on SIGUSR1. */
const NO_DEBUGGER = process.versions.bun ? [] : ['--disable-sigusr1']

/**
 * Starts the watchdog. It must run before COMMAND does.
 *
 * When this process dies, the watchdog also kills every process with COMMAND's mark in its environment. The mark is
 * needed because COMMAND runs a moment before its process id is known here (some milliseconds on a busy machine), and
 * because a daemon leaves COMMAND's process group.
 */
export function startWatchdog(shell?: string): Watchdog {
  const { tell, ...watchdog } = spawnWatchdog(shell)
  tell('marked')
  return {
    ...watchdog,
    watch: (target) => tell(`${target}`, 'found'),
    send(pid, signal) {
      if (watchdog.alive()) tell(`send ${pid} ${system.signals[signal]}`)
      return watchdog.alive()
    },
    done: () => tell('done'),
  }
}

let shared: ReturnType<typeof spawnWatchdog> | undefined

/**
 * Announces a process that is about to be started with `env`. All these processes share one watchdog. It stays idle
 * until this process ends.
 */
export function watchProcess(): WatchedProcess {
  if (!shared?.alive()) shared = spawnWatchdog()
  const { env, tell } = shared
  let target: number | undefined
  tell('marked')
  return {
    env,
    started(group) {
      target = -group
      tell(`${target}`)
    },
    ended() {
      tell('unmarked', ...(target === undefined ? [] : [`${target} ended`]))
    },
  }
}

/**
 * Starts a watchdog in a session of its own, out of reach of the terminal and of signals to this process group. It
 * holds no descriptor but its end of the pipe, so a pipeline that contains this process can end. It keeps no process
 * from exiting.
 */
function spawnWatchdog(shell = '/bin/sh') {
  // Process ids are reused, but not at the same time of one boot.
  const id = `${process.pid}.${monotonic()}`
  const mark = `${MARK}=${id}`
  const other = [process.execPath, ...NO_DEBUGGER, '-e', NODE_WATCHDOG]
  const [file = '', ...args] = isExecutable(shell)
    ? [shell, '-c', SHELL_WATCHDOG, 'guard', mark, ...other]
    : [...other, mark]
  const child = spawn(file, args, {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
    // A standalone executable runs other programs than its own only with this variable.
    env: { PATH: '/usr/bin:/bin', BUN_BE_BUN: '1' },
  })
  child.on('error', () => {})
  if (child.pid === undefined) throw new Error('the watchdog could not be started')
  child.unref()
  // A write fails if the watchdog was killed.
  child.stdin.on('error', () => {})
  return {
    pid: child.pid,
    mark,
    env: { [MARK]: id },
    alive: () => child.exitCode === null && child.signalCode === null,
    tell(...lines: string[]) {
      const text = `${lines.join('\n')}\n`
      if (lines.includes('done')) child.stdin.end(text)
      else child.stdin.write(text)
    },
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
