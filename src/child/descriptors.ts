import { closeSync, readdirSync, readFileSync } from 'node:fs'

const FOLDER = '/proc/self/fdinfo'
/** O_CLOEXEC, for which Node has no name. */
const CLOSE_ON_EXEC = 0o2000000

/**
 * Closes the descriptors above 2 with which this process was started, so that COMMAND has 0, 1 and 2 on each runtime.
 * Node marks the first inherited descriptors close-on-exec when it starts and cannot undo that; bun closes all of them
 * for a child. The runtime's own descriptors are marked close-on-exec and stay open.
 */
export function closeInherited(): void {
  if (process.platform !== 'linux' || process.versions.bun) return
  for (const fd of openDescriptors()) {
    const flags = flagsOf(fd)
    if (fd > 2 && flags !== undefined && (flags & CLOSE_ON_EXEC) === 0) closeSync(fd)
  }
}

/**
 * The flags of an open descriptor as fcntl(2) gives them, including close-on-exec; `undefined` where /proc does not
 * show them.
 */
export function flagsOf(fd: number): number | undefined {
  try {
    const text = readFileSync(`${FOLDER}/${fd}`, 'latin1')
    return Number.parseInt(/^flags:\s*(\d+)/m.exec(text)?.[1] ?? '', 8)
  } catch {
    return undefined
  }
}

function openDescriptors(): number[] {
  try {
    return readdirSync(FOLDER).map(Number)
  } catch {
    return []
  }
}
