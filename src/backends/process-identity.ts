import { readFileSync, readlinkSync } from 'node:fs'
import { allIds, allProcesses, hasMark, processAt, runs } from '../base/processes.ts'

/**
 * Distinguishes a process from every other one that this machine ran or will run. A pid alone does not: pids are
 * reused, and the same pid means another process in another container.
 */
export interface ProcessIdentity {
  readonly pid: number
  /** Clock ticks since boot. */
  readonly startTime: string
  readonly pidNamespace: string
  readonly bootId: string
  /** The COMMAND that the process runs and is responsible for. */
  readonly command?: Command
}

/** A COMMAND, with the means to find its processes after their parent has died. */
export interface Command {
  /** The watchdog, which ends COMMAND after its parent has died. Stores contain this name, so it stays. */
  readonly guard: PastProcess
  /** Text in the environment of COMMAND's processes, from their start on: `NAME=value`. */
  readonly mark: string
  /** COMMAND's process, or (negative id) its process group. Absent before COMMAND runs. */
  readonly target?: PastProcess
}

interface PastProcess {
  readonly id: number
  /** The start time of the process, or of the group's leader. */
  readonly startTime: string
}

let boot: string | undefined

/** Changes with each start of the machine. Empty if the system does not provide it. */
export const bootId = (): string => {
  boot ||= read('/proc/sys/kernel/random/boot_id')?.trim()
  return boot ?? ''
}

/** This process; `undefined` if the system does not describe it (no /proc). */
export const thisProcess = (): ProcessIdentity | undefined => {
  const startTime = processAt('self')?.startTime
  if (startTime === undefined || bootId() === '') return undefined
  return { pid: process.pid, startTime, pidNamespace: pidNamespace(), bootId: bootId() }
}

/** Distinguishes a process, or (negative id) a process group, from later ones with the same number. */
export const pastProcess = (id: number): PastProcess => ({
  id,
  startTime: processAt(Math.abs(id))?.startTime ?? '',
})

/**
 * Whether the process is alive. It counts as dead only if this process sees that it is. A process that cannot look (no
 * descriptor left, another pid namespace, a /proc that hides other processes) must not end the leases of a living one.
 */
export const isAlive = (identity: ProcessIdentity): boolean => {
  if (bootId() === '') return true
  if (identity.bootId !== bootId()) return false
  if (identity.pidNamespace !== pidNamespace()) return true
  const there = processAt(identity.pid)
  if (there) return there.startTime === identity.startTime && runs(there)
  return exists(identity.pid)
}

/**
 * Like `isAlive`, but by one call that costs almost nothing. It mistakes another process with that pid for this one.
 */
export const seemsAlive = (identity: ProcessIdentity): boolean =>
  bootId() === '' || identity.pidNamespace !== pidNamespace() || exists(identity.pid)

/** Uses the only call that needs no descriptor. A process that this one may not signal exists. */
const exists = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}

/** Whether any process of its COMMAND is alive. Meant for a dead process whose pid namespace this process can see. */
export const commandLives = ({ bootId: boot, command }: ProcessIdentity): boolean => {
  if (!command || boot !== bootId()) return false
  const { guard: watchdog, mark, target } = command
  return runsStill(watchdog) || (target !== undefined && runsStill(target)) || hasMarked(mark)
}

const runsStill = ({ id, startTime }: PastProcess): boolean => {
  const leader = processAt(Math.abs(id))
  // While a process group exists, the kernel gives its number to no new process.
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
