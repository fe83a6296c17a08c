import { codeOf } from '../../base/reason.ts'
import { refusals } from '../attempt.ts'
import { Hindrance } from './outcome.ts'

/**
 * SQLSTATEs with which a server says that there is no such database to connect to: it is not there, or the server is
 * starting or being shut down. With any other one, such as a wrong password, it serves, but not us.
 */
const states: ReadonlySet<string> = new Set(['3D000', '57P01', '57P02', '57P03'])

/** Whether an error says that there is no such database. */
export const isAbsence = (error: unknown): boolean => {
  if (error instanceof Hindrance) return error.absent
  const code = codeOf(error) ?? ''
  return states.has(code) || refusals.has(code) || code === 'ENOENT'
}
