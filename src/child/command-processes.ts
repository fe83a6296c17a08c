import { readdirSync } from 'node:fs'
import { allProcesses, hasMark, type Process, processAt, readOf, runs } from '../base/processes.ts'

/** How COMMAND's processes are recognized. */
export interface CommandIdentity {
  /** The id of the process that was started. */
  readonly pid: number
  /** Whether that process leads a process group of its own. */
  readonly leads: boolean
  /** The text in the environment of COMMAND's processes, unless they have changed it. */
  readonly mark: string
}

/**
 * COMMAND's processes: its descendants, its process group, the processes with its mark, and every process that was once
 * seen to be one of them. A process that has left all of these (a daemon with an environment of its own, a container
 * that another program started) is not recognized.
 */
export class CommandProcesses {
  readonly #identity: CommandIdentity
  readonly #seen = new Map<string, Process>()
  #leadsGroup: boolean
  #ended = false

  constructor(identity: CommandIdentity) {
    this.#identity = identity
    this.#leadsGroup = identity.leads
  }

  /** Records that the started process has ended. Another process may get its id from now on. */
  commandEnded(): void {
    this.#ended = true
  }

  /**
   * Finds new descendants of known processes, which is fast. Returns all known processes that run; none without /proc.
   */
  descendants(): Process[] {
    for (const pid of this.#roots()) for (const process of treeOf(pid)) this.#add(process)
    return this.running()
  }

  /** Examines every process of the machine. Returns all known processes that run; none without /proc. */
  scan(): Process[] {
    const there = everyProcess()
    const inside = new Set(this.#roots())
    for (const { pid, group } of there) {
      if (this.#leadsGroup && group === this.#identity.pid) inside.add(pid)
      else if (!inside.has(pid) && hasMark(pid, this.#identity.mark)) inside.add(pid)
    }
    // The kernel does not reuse the number of a group that still has a process.
    this.#leadsGroup &&= !this.#ended || there.some(({ group }) => group === this.#identity.pid)
    for (let before = 0; before !== inside.size; ) {
      before = inside.size
      for (const { pid, parent } of there) if (inside.has(parent)) inside.add(pid)
    }
    for (const process of there) if (inside.has(process.pid)) this.#add(process)
    return this.running()
  }

  /** The known processes that still run. */
  running(): Process[] {
    for (const [name, process] of this.#seen) if (!isRunning(process)) this.#seen.delete(name)
    return [...this.#seen.values()]
  }

  #roots(): number[] {
    const running = this.running().map(({ pid }) => pid)
    return this.#ended ? running : [this.#identity.pid, ...running]
  }

  #add(process: Process): void {
    const name = `${process.pid} ${process.startTime}`
    if (!this.#seen.has(name)) this.#seen.set(name, process)
  }
}

/** The children of all threads of a process. */
export const childrenOf = (pid: number): number[] =>
  threadsOf(pid).flatMap((thread) =>
    (readOf(pid, `task/${thread}/children`) ?? '').split(' ').filter(Boolean).map(Number),
  )

/** Parents come before their children. */
const treeOf = (pid: number): Process[] => {
  const process = processAt(pid)
  return process && runs(process) ? [process, ...childrenOf(pid).flatMap(treeOf)] : []
}

const isRunning = ({ pid, startTime }: Process): boolean => {
  const process = processAt(pid)
  return process !== undefined && process.startTime === startTime && runs(process)
}

const everyProcess = (): Process[] => {
  try {
    return allProcesses()
  } catch {
    return []
  }
}

const threadsOf = (pid: number): string[] => {
  try {
    return readdirSync(`/proc/${pid}/task`)
  } catch {
    return []
  }
}
