import { readdirSync, readFileSync } from 'node:fs'

/** A process as /proc shows it. Its start time distinguishes it from a later process with the same id. */
export interface Process {
  readonly pid: number
  /** One letter, as in ps(1). */
  readonly state: string
  readonly parent: number
  readonly group: number
  /** Clock ticks since boot. */
  readonly startTime: string
}

/**
 * The fields of a process from the third one (its state) on, as proc(5) counts them. Empty if the process does not
 * exist or is not shown. The second field is the program's name in parentheses and may contain any character, so the
 * fields are counted from its end.
 */
export const fieldsOf = (pid: number | 'self'): readonly string[] => {
  const stat = readOf(pid, 'stat')
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ') ?? []
}

/** The process with this id; `undefined` if it does not exist or is not shown. */
export const processAt = (pid: number | 'self'): Process | undefined => {
  const fields = fieldsOf(pid)
  const [state, parent, group] = fields
  const startTime = fields[19]
  return state && startTime
    ? {
        pid: pid === 'self' ? process.pid : pid,
        state,
        parent: Number(parent),
        group: Number(group),
        startTime,
      }
    : undefined
}

/** Whether the process runs. A zombie does not run any more. */
export const runs = ({ state }: Pick<Process, 'state'>): boolean => state !== 'Z' && state !== 'X'

/** All processes that run. Throws where there is no /proc. */
export const allProcesses = (): Process[] =>
  allIds()
    .map(processAt)
    .filter((process) => process !== undefined)
    .filter(runs)

export const allIds = (): number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)

/** Whether the environment of a process contains `mark`. Only the process's own user may read the environment. */
export const hasMark = (pid: number, mark: string): boolean =>
  readOf(pid, 'environ')?.includes(mark) ?? false

/** The text of a file of a process in /proc; `undefined` if it does not exist or may not be read. */
export const readOf = (pid: number | 'self', file: string): string | undefined => {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1')
  } catch {
    return undefined
  }
}
