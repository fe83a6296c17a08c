import { mkdirSync, statSync } from 'node:fs'
import { dirname } from 'node:path'

/**
 * Creates a directory and its missing parents. Node's own `recursive` never returns on a file system such as /proc,
 * which answers that a directory is missing although its parent exists.
 * @throws the error of mkdir(2) for the directory that could not be created
 */
export const makeDirectory = (directory: string, mode: number): void => {
  if (isDirectory(directory)) return
  const parent = dirname(directory)
  if (parent !== directory && !isDirectory(parent)) makeDirectory(parent, mode)
  try {
    mkdirSync(directory, { mode })
  } catch (error) {
    // Another process may have created it meanwhile.
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
