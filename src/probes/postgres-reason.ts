import type { Client } from 'pg'
import { describe } from '../errors.ts'
import { codeOf, reasonFor } from '../reason.ts'
import { printable, redact } from '../redact.ts'

/** SQLSTATEs, as PostgreSQL's appendix A lists them: of each, the wording of ours. */
const states: ReadonlyMap<string, (client: Client) => string> = new Map([
  ['28P01', ({ user }) => `password authentication failed for user ${user}`],
  ['3D000', ({ database }) => `database ${database} does not exist`],
])

/** Why there is no session (yet); never with the password. */
export const postgresReason = (error: unknown, client: Client, passwordAsked: boolean): string => {
  const code = codeOf(error)
  if (isServerError(error)) return states.get(code ?? '')?.(client) ?? inItsWords(error, client)
  if (code !== undefined) return reasonFor(error) ?? code
  if (passwordAsked && !client.password) return `no password given for user ${client.user}`
  return inItsWords(error, client)
}

/** What the server sent, in contrast to what became of the connection. */
const isServerError = (error: unknown): boolean => error instanceof Error && 'severity' in error

const inItsWords = (error: unknown, { password, user, database }: Client): string => {
  const text = describe(error)
  const secret = password && password !== user && password !== database ? password : undefined
  return printable(redact(secret === undefined ? text : text.replaceAll(secret, '***')))
}
