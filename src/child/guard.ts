import { spawn } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { monotonic } from '../monotonic.ts'
import { NODE_GUARD, SHELL_GUARD } from './guard-programs.ts'

/** Kills COMMAND when this process vanishes. */
export interface Guard {
  readonly pid: number
  /** What stands in the environment of COMMAND's processes: `NAME=value`. */
  readonly mark: string
  /** To be added to COMMAND's environment: by this mark it is found before `watch` was called. */
  readonly env: Readonly<Record<string, string>>
  /** Tells whom to kill: a process with its descendants, or (negative) a process group. Written at once. */
  watch(target: number): void
  /** COMMAND has ended, or was never started: the guard goes away. */
  done(): void
}

const MARK = 'RDV_GUARD'

/** bun opens none. */
const NO_DEBUGGER = process.versions.bun ? [] : ['--disable-sigusr1']

/**
 * Starts the guard, which has to run before COMMAND does.
 *
 * COMMAND runs a moment before its process id is known here, some milliseconds on a busy machine. When we vanish in
 * that moment, the guard ends every process with COMMAND's mark in its environment.
 *
 * The guard is in a session of its own, out of reach of the terminal and of signals to our group, holds no descriptor
 * but its end of the pipe (so a pipeline that we are part of can end), and keeps no process from exiting.
 */
export function startGuard(shell = '/bin/sh'): Guard {
  // Process ids come again, but not at the same time of one boot.
  const id = `${process.pid}.${monotonic()}`
  const mark = `${MARK}=${id}`
  const [file, ...args] = isExecutable(shell)
    ? [shell, '-c', SHELL_GUARD, 'guard', mark]
    : [process.execPath, ...NO_DEBUGGER, '-e', NODE_GUARD, mark]
  const guard = spawn(file, args, {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
    // A standalone executable runs programs of others with this variable alone.
    env: { PATH: '/usr/bin:/bin', BUN_BE_BUN: '1' },
  })
  guard.on('error', () => {})
  if (guard.pid === undefined) throw new Error('the guard of COMMAND could not be started')
  guard.unref()
  // Someone may have killed it.
  guard.stdin.on('error', () => {})
  return {
    pid: guard.pid,
    mark,
    env: { [MARK]: id },
    watch: (target) => void guard.stdin.write(`${target}\n`),
    done: () => void guard.stdin.end('done\n'),
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
