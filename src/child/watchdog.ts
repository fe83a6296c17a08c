import { spawn } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { constants as system } from 'node:os'
import { monotonic } from '../base/monotonic.ts'
import { MARK } from './exact-environment.ts'
import { NODE_WATCHDOG, SHELL_WATCHDOG } from './watchdog-programs.ts'

/** By what a process is known to a watchdog. */
interface Marked {
  /** What stands in the environment of COMMAND's processes: `NAME=value`. */
  readonly mark: string
  /** To be added to COMMAND's environment: by this mark it is found before its process id is known here. */
  readonly env: Readonly<Record<string, string>>
}

/** Kills COMMAND when this process vanishes. */
export interface Watchdog extends Marked {
  readonly pid: number
  /** Tells whom to kill: a process with its descendants, or (negative) a process group. Written at once. */
  watch(target: number): void
  /** Sends a process a signal, from a process group that is not ours. `false`: it is not there any more. */
  send(pid: number, signal: NodeJS.Signals): boolean
  /** COMMAND has ended, or was never started: the watchdog goes away. */
  done(): void
}

/** A process that is ended with this one, and whatever it has started. */
export interface WatchedProcess extends Pick<Marked, 'env'> {
  /** It leads this process group. */
  started(group: number): void
  /** It has ended, or was never started. Called once. */
  ended(): void
}

/** bun opens none. */
const NO_DEBUGGER = process.versions.bun ? [] : ['--disable-sigusr1']

/**
 * Starts the watchdog, which has to run before COMMAND does.
 *
 * When we vanish, the watchdog ends every process with COMMAND's mark in its environment, too. COMMAND runs a moment before
 * its process id is known here, some milliseconds on a busy machine, and a daemon leaves its group.
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
 * Announces a process that is about to be started with `env`. One watchdog is for all of these. It stays, doing nothing, until
 * this process ends.
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
 * It is in a session of its own, out of reach of the terminal and of signals to our group, holds no descriptor
 * but its end of the pipe (so a pipeline that we are part of can end), and keeps no process from exiting.
 */
function spawnWatchdog(shell = '/bin/sh') {
  // Process ids come again, but not at the same time of one boot.
  const id = `${process.pid}.${monotonic()}`
  const mark = `${MARK}=${id}`
  const other = [process.execPath, ...NO_DEBUGGER, '-e', NODE_WATCHDOG]
  const [file = '', ...args] = isExecutable(shell)
    ? [shell, '-c', SHELL_WATCHDOG, 'guard', mark, ...other]
    : [...other, mark]
  const child = spawn(file, args, {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
    // A standalone executable runs programs of others with this variable alone.
    env: { PATH: '/usr/bin:/bin', BUN_BE_BUN: '1' },
  })
  child.on('error', () => {})
  if (child.pid === undefined) throw new Error('the watchdog could not be started')
  child.unref()
  // Someone may have killed it.
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
