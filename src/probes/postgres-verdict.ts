import { codeOf } from '../reason.ts'
import { down, refusals, unknown } from './attempt.ts'
import type { Finding } from './probe.ts'

/**
 * SQLSTATEs with which a server says that there is no such database to connect to: it is not there, or the server is
 * starting or being shut down. With any other one, such as a wrong password, it serves, but not us.
 */
const absences: ReadonlySet<string> = new Set(['3D000', '57P01', '57P02', '57P03'])

/** What an error on the way to an answered query says about the database. */
export const postgresFinding = (error: unknown, reason: string): Finding => {
  const code = codeOf(error) ?? ''
  return absences.has(code) || refusals.has(code) || code === 'ENOENT'
    ? down(reason)
    : unknown(reason)
}
