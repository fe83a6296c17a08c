import { join } from 'node:path'

/**
 * Returns a path in the user's home directory. If `HOME` is not set, the system's user database names the directory.
 */
export const inHome = async (...path: string[]): Promise<string> => {
  const { homedir } = await import('node:os')
  return join(process.env.HOME || homedir(), ...path)
}
