import { codeOf } from '../../base/reason.ts'
import { refusals } from '../attempt.ts'
import { Hindrance } from './outcome.ts'

/**
 * SQLSTATEs that mean that there is no such database to connect to: it does not exist, or the server is starting or
 * shutting down. Any other SQLSTATE, such as one for a wrong password, comes from a server that serves other clients.
 */
const states: ReadonlySet<string> = new Set(['3D000', '57P01', '57P02', '57P03'])

/** Returns whether an error means that there is no such database. */
export const isAbsence = (error: unknown): boolean => {
  if (error instanceof Hindrance) return error.absent
  const code = codeOf(error) ?? ''
  return states.has(code) || refusals.has(code) || code === 'ENOENT'
}
