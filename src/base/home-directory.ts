import { userInfo } from 'node:os'

/**
 * The home directory of this process's user according to the password database, whatever `$HOME` is.
 * @throws SystemError the user is unknown.
 */
export const homeDirectory = (): string => userInfo().homedir
