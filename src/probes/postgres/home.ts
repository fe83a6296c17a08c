import { join } from 'node:path'
import { homeDirectory } from '../../base/home-directory.ts'

/** The home directory of a user without one. It is the one that Debian writes for such users, and does not exist. */
const NOWHERE = '/nonexistent'

/**
 * Returns a path in the user's home directory. As in libpq, the system's user database names the directory if `HOME` is
 * empty or not set. A user without an entry there has no files.
 */
export const inHome = (...path: string[]): string =>
  join(process.env.HOME || homeInDatabase() || NOWHERE, ...path)

const homeInDatabase = (): string | undefined => {
  try {
    return homeDirectory()
  } catch {
    return undefined
  }
}
