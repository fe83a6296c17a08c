import { reasonFor } from '../../base/reason.ts'
import { inHome } from './home.ts'
import type { Login, Password } from './wanted.ts'

/** The login and the server whose password is looked up. */
interface Wanted extends Login {
  readonly host: string
  readonly port: number
}

/** The directory of the default socket. A password file calls it `localhost`. */
const socketFolder = '/var/run/postgresql'

/**
 * Looks up a password in `passfile` or `~/.pgpass`, unless libpq would ignore the file. The first line that matches
 * counts.
 */
export const readPasswordFile = async (wanted: Wanted, passfile: string): Promise<Password> => {
  const { readFile, stat } = await import('node:fs/promises')
  const file = passfile || inHome('.pgpass')
  try {
    const found = await stat(file)
    if (!found.isFile()) return without(`${file} is not a file`)
    if ((found.mode & 0o077) !== 0)
      return without(`other users can access ${file}: change its mode to 600`)
    return { password: passwordIn(await readFile(file, 'utf8'), wanted) }
  } catch (error) {
    return passfile === '' ? { password: '' } : without(`${file}: ${reasonFor(error)}`)
  }
}

const without = (passwordProblem: string): Password => ({ password: '', passwordProblem })

const field = String.raw`((?:\\.|[^\\:])*)`

/** `host:port:database:user:password`, in which a backslash escapes a colon. */
const entry = new RegExp(`^${Array(5).fill(field).join(':')}`)

const passwordIn = (text: string, { host, port, database, user }: Wanted): string => {
  const wanted = [host === socketFolder ? 'localhost' : host, String(port), database, user]
  for (const line of text.split(/\r?\n/)) {
    const [, ...fields] = (line.startsWith('#') ? null : entry.exec(line)) ?? []
    const plain = fields.map((text) => text.replace(/\\(.)/g, '$1'))
    const matches = (want: string, at: number) => fields[at] === '*' || plain[at] === want
    if (plain.length > 0 && wanted.every(matches)) return plain.at(-1) ?? ''
  }
  return ''
}
