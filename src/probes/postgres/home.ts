import { join } from 'node:path'

/** The home directory of a user without one. It is the one that Debian writes for such users, and does not exist. */
const NOWHERE = '/nonexistent'

/**
 * Returns a path in the user's home directory. As in libpq, the system's user database names the directory if `HOME` is
 * empty or not set. A user without an entry there has no files.
 */
export const inHome = async (...path: string[]): Promise<string> =>
  join(process.env.HOME || (await homeInDatabase()) || NOWHERE, ...path)

/** Unlike `homedir`, `userInfo` does not read `HOME`. */
const homeInDatabase = async (): Promise<string | undefined> => {
  const { userInfo } = await import('node:os')
  try {
    return userInfo().homedir
  } catch {
    return undefined
  }
}
