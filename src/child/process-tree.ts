import { readdirSync, readFileSync } from 'node:fs'

/** One process, told from a later one with the same id by the time it was started. */
export interface ProcessIdentity {
  readonly pid: number
  readonly started: string
}

/** The process and all its descendants, parents first; only itself where there is no /proc. */
export function treeOf(pid: number): ProcessIdentity[] {
  return [{ pid, started: startOf(pid) }, ...childrenOf(pid).flatMap(treeOf)]
}

export const isRunning = ({ pid, started }: ProcessIdentity): boolean =>
  started !== '' && startOf(pid) === started

/** The children of all threads of a process. */
export function childrenOf(pid: number): number[] {
  return threadsOf(pid).flatMap((thread) =>
    read(`/proc/${pid}/task/${thread}/children`).split(' ').filter(Boolean).map(Number),
  )
}

// Field 22; the second one, the name in parentheses, may contain anything. A zombie runs no more.
function startOf(pid: number): string {
  const stat = read(`/proc/${pid}/stat`)
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return fields[0] === 'Z' ? '' : (fields[19] ?? '')
}

function threadsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`)
  } catch {
    return []
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return ''
  }
}
