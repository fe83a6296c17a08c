import { UsageError } from '../../base/errors.ts'
import { readPasswordFile } from './password-file.ts'
import type { Host, Login, Password, Settings } from './wanted.ts'

/**
 * Returns the user and the database. The default user is the system's. The default database has the name of the user.
 */
export const readLogin = async ({ of, has }: Settings): Promise<Login> => {
  const user = has('user') ? of('user') : await systemUser()
  return { user, database: of('dbname') || user }
}

const systemUser = async (): Promise<string> => {
  const { userInfo } = await import('node:os')
  try {
    return userInfo().username
  } catch {
    throw new UsageError('this user has no name in the system: write postgres://USER@HOST/DATABASE')
  }
}

/** Returns the password for one host: the given password, otherwise the one in the password file. */
export const readPassword = async (
  { of }: Settings,
  { name, address, port }: Host,
  login: Login,
): Promise<Password> => {
  const given = of('password')
  if (given !== '') return { password: given }
  return readPasswordFile({ ...login, host: name || address, port }, of('passfile'))
}
