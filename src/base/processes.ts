import { readdirSync, readFileSync } from 'node:fs'

/** A process as /proc shows it; its start tells it from a later one with the same id. */
export interface Process {
  readonly pid: number
  /** One letter as in ps(1). */
  readonly state: string
  readonly parent: number
  readonly group: number
  /** Clock ticks since boot. */
  readonly startTime: string
}

/**
 * The fields of a process from the third one on, its state, as proc(5) counts them; none where it is not there, or not
 * shown. The second field is the program's name in parentheses and may hold anything, so they are counted from its end.
 */
export const fieldsOf = (pid: number | 'self'): readonly string[] => {
  const stat = readOf(pid, 'stat')
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ') ?? []
}

/** `undefined` where there is no such process, or none is shown. */
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

/** A zombie does nothing any more. */
export const runs = ({ state }: Pick<Process, 'state'>): boolean => state !== 'Z' && state !== 'X'

/** All that run. Throws where there is no /proc. */
export const allProcesses = (): Process[] =>
  allIds()
    .map(processAt)
    .filter((process) => process !== undefined)
    .filter(runs)

export const allIds = (): number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)

/** Whether this stands in its environment, which only its own user may read. */
export const hasMark = (pid: number, mark: string): boolean =>
  readOf(pid, 'environ')?.includes(mark) ?? false

/** A file of a process; `undefined` where there is none, or it may not be read. */
export const readOf = (pid: number | 'self', file: string): string | undefined => {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1')
  } catch {
    return undefined
  }
}
