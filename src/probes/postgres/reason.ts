import { describe } from '../../base/errors.ts'
import { codeOf, reasonFor } from '../../base/reason.ts'
import { printable, redact } from '../../base/redact.ts'
import { Hindrance } from './outcome.ts'

interface Login {
  readonly user: string
  readonly database: string
  readonly password: string
}

/** Messages of rdv for SQLSTATEs, which appendix A of PostgreSQL's manual lists. */
const states: ReadonlyMap<string, (login: Login) => string> = new Map([
  ['28P01', ({ user }) => `password authentication failed for user ${user}`],
  ['3D000', ({ database }) => `database ${database} does not exist`],
])

/** Returns the reason why there is no session. It never contains the password. */
export const postgresReason = (error: unknown, login: Login): string => {
  if (error instanceof Hindrance) return printable(error.message)
  const code = codeOf(error)
  if (isServerError(error)) return states.get(code ?? '')?.(login) ?? inItsWords(error, login)
  return reasonFor(error) ?? `login failed: ${inItsWords(error, login)}`
}

/** Whether the server sent this error, in contrast to an error of the connection. */
export const isServerError = (error: unknown): boolean =>
  error instanceof Error && 'severity' in error && error.severity !== undefined

/** Whether the server is starting, stopping or catching up. */
export const cannotConnectNow = (error: unknown): boolean => codeOf(error) === '57P03'

const inItsWords = (error: unknown, { password, user, database }: Login): string => {
  const text = describe(error)
  const secret = password && password !== user && password !== database ? password : undefined
  return printable(redact(secret === undefined ? text : text.replaceAll(secret, '***')))
}
