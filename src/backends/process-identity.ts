import { readFileSync, readlinkSync } from 'node:fs'

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
}

let boot: string | undefined

/** Changes with each start of the machine; empty where the system does not tell. */
export const bootId = (): string => {
  boot ??= read('/proc/sys/kernel/random/boot_id').trim()
  return boot
}

/** This process; `undefined` where the system does not tell (no /proc). */
export const thisProcess = (): ProcessIdentity | undefined => {
  const startTime = statOf('self')?.startTime
  if (startTime === undefined || bootId() === '') return undefined
  return { pid: process.pid, startTime, pidNamespace: pidNamespace(), bootId: bootId() }
}

/** Whether the process lives, as far as this one can see: of another pid namespace one cannot tell, so yes. */
export const isAlive = (identity: ProcessIdentity): boolean => {
  if (identity.bootId !== bootId()) return false
  if (identity.pidNamespace !== pidNamespace()) return true
  const stat = statOf(String(identity.pid))
  return stat !== undefined && stat.startTime === identity.startTime && stat.state !== 'Z'
}

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

/** proc(5): the second field is the program's name in parentheses and may hold anything, so count from its end. */
const statOf = (process: string): { state: string; startTime: string } | undefined => {
  const stat = read(`/proc/${process}/stat`)
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const [state, startTime] = [fields[0], fields[19]]
  return state && startTime ? { state, startTime } : undefined
}

const read = (path: string): string => {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return ''
  }
}
