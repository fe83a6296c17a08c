import { join } from 'node:path'

/** A path in the user's home, found as libpq finds it: where `HOME` is empty, the system's user says. */
export const inHome = async (...path: string[]): Promise<string> => {
  const { homedir } = await import('node:os')
  return join(process.env.HOME || homedir(), ...path)
}
