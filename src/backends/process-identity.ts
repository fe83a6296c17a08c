import { readFileSync, readlinkSync } from 'node:fs'
import { allIds, allProcesses, hasMark, processAt, runs } from '../base/processes.ts'

/**
 * A process, told apart from every other one that this machine ran or will run: pids are used again, and mean
 * another process in another container.
 */
export interface ProcessIdentity {
  readonly pid: number
  /** Clock ticks since boot. */
  readonly startTime: string
  readonly pidNamespace: string
  readonly bootId: string
  /** What it runs, and is responsible for. */
  readonly command?: Command
}

/** A COMMAND, by what its processes can be found after their parent has died. */
export interface Command {
  /** The process that then ends it. */
  readonly guard: PastProcess
  /** What stands in the environment of its processes, from the start on: `NAME=value`. */
  readonly mark: string
  /** A process, or (negative) a process group, once it runs. */
  readonly target?: PastProcess
}

interface PastProcess {
  readonly id: number
  /** That of the process, or of the group's leader. */
  readonly startTime: string
}

let boot: string | undefined

/** Changes with each start of the machine; empty where the system does not tell. */
export const bootId = (): string => {
  boot ||= read('/proc/sys/kernel/random/boot_id')?.trim()
  return boot ?? ''
}

/** This process; `undefined` where the system does not tell (no /proc). */
export const thisProcess = (): ProcessIdentity | undefined => {
  const startTime = processAt('self')?.startTime
  if (startTime === undefined || bootId() === '') return undefined
  return { pid: process.pid, startTime, pidNamespace: pidNamespace(), bootId: bootId() }
}

/** Tells a process, or (negative) a process group, from later ones with the same number. */
export const pastProcess = (id: number): PastProcess => ({
  id,
  startTime: processAt(Math.abs(id))?.startTime ?? '',
})

/**
 * Whether the process lives. Only what is seen to be so counts as dead: who cannot look (no descriptor left, another
 * pid namespace, a /proc that hides others) must not end what belongs to the living.
 */
export const isAlive = (identity: ProcessIdentity): boolean => {
  if (bootId() === '') return true
  if (identity.bootId !== bootId()) return false
  if (identity.pidNamespace !== pidNamespace()) return true
  const there = processAt(identity.pid)
  if (there) return there.startTime === identity.startTime && runs(there)
  return exists(identity.pid)
}

/** As `isAlive`, by the one call that costs next to nothing: takes another process of the same number for it. */
export const seemsAlive = (identity: ProcessIdentity): boolean =>
  bootId() === '' || identity.pidNamespace !== pidNamespace() || exists(identity.pid)

/** By the only call that needs no descriptor; a process that may not be signalled exists. */
const exists = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}

/** Whether anything of its COMMAND lives; asked of a process that has died where this one can see it. */
export const commandLives = ({ bootId: boot, command }: ProcessIdentity): boolean => {
  if (!command || boot !== bootId()) return false
  const { guard: watchdog, mark, target } = command
  return runsStill(watchdog) || (target !== undefined && runsStill(target)) || hasMarked(mark)
}

const runsStill = ({ id, startTime }: PastProcess): boolean => {
  const leader = processAt(Math.abs(id))
  // The kernel gives a number to nobody else while a group of that number lives.
  if (leader && leader.startTime !== startTime) return false
  return id < 0 ? hasMembers(-id) : leader !== undefined && runs(leader)
}

const hasMembers = (group: number): boolean =>
  allProcesses().some((process) => process.group === group)

const hasMarked = (mark: string): boolean => allIds().some((pid) => hasMark(pid, mark))

let namespace: string | undefined

const pidNamespace = (): string => {
  if (namespace === undefined) {
    try {
      namespace = readlinkSync('/proc/self/ns/pid')
    } catch {
      namespace = ''
    }
  }
  return namespace
}

const read = (path: string): string | undefined => {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
