import { mkdirSync, statSync } from 'node:fs'
import { dirname } from 'node:path'

/**
 * Makes a directory, and those above it that are missing. Node's own `recursive` never returns where a file system
 * such as /proc answers that a directory is missing whose parent is there.
 * @throws what mkdir(2) said of the one that could not be made.
 */
export const makeDirectory = (directory: string, mode: number): void => {
  if (isDirectory(directory)) return
  const parent = dirname(directory)
  if (parent !== directory && !isDirectory(parent)) makeDirectory(parent, mode)
  try {
    mkdirSync(directory, { mode })
  } catch (error) {
    // Another process may have made it meanwhile.
    if (!isDirectory(directory)) throw error
  }
}

const isDirectory = (path: string): boolean => {
  try {
    return statSync(path).isDirectory()
  } catch {
    return false
  }
}
