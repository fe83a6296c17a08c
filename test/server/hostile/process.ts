import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'

/** Kilobytes of memory that a process holds. */
export const residentOf = (pid: number): number =>
  Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1])

/** How many files this process may open at once. */
export const fileLimit = (): number =>
  Number(/^Max open files\s+\d+\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1])

const socketsOf = (pid: number): number =>
  readdirSync(`/proc/${pid}/fd`).filter((name) => isSocket(`/proc/${pid}/fd/${name}`)).length

const isSocket = (path: string): boolean => {
  try {
    return readlinkSync(path).startsWith('socket:')
  } catch {
    return false // closed meanwhile
  }
}

/** Resolves when a process has no more sockets open than before. */
export const untilClosed = async (pid: number, body: () => Promise<void>): Promise<void> => {
  const before = socketsOf(pid)
  await body()
  while (socketsOf(pid) > before) await delay(20)
}
