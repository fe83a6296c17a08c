import { UsageError } from '../../base/errors.ts'
import { Hindrance } from './outcome.ts'
import type { Session, Settings } from './wanted.ts'

/** A method by which a server asks for authentication, named as in `require_auth`. */
export type Method = 'none' | 'password' | 'md5' | 'scram-sha-256'

const methods = ['password', 'md5', 'gss', 'sspi', 'scram-sha-256', 'oauth', 'none']

/** The authentication that a server asks for. */
export interface Asked {
  readonly method: Method
  /** Whether the server can bind the password to the encrypted connection. */
  readonly bound: boolean
}

/** @throws UsageError if `require_auth` is malformed. */
export const allowedMethods = ({ of }: Settings): ((method: Method) => boolean) => {
  const text = of('require_auth')
  if (text === '') return () => true
  const words = text.split(',').map((word) => word.trim())
  const negated = words.map((word) => word.startsWith('!'))
  const names = words.map((word) => word.replace(/^!/, ''))
  if (names.some((name) => !methods.includes(name)) || new Set(negated).size > 1)
    throw new UsageError(
      `require_auth is not usable: write some of ${methods.join(', ')}, or each with a ! before it`,
    )
  return (method) => names.includes(method) !== negated[0]
}

/**
 * Checks the server's authentication request before any secret is sent to the server.
 * @throws Hindrance if libpq would break off the login.
 */
export const checkAsked = (session: Session, { method, bound }: Asked): void => {
  const { settings, user, password, passwordProblem } = session
  if (!allowedMethods(settings)(method))
    throw new Hindrance(`the server asks for authentication by ${method}: require_auth excludes it`)
  if (settings.of('channel_binding') === 'require' && !bound)
    throw new Hindrance('the server offers no channel binding, which channel_binding requires')
  if (method === 'none' || password !== '') return
  const because = passwordProblem === undefined ? '' : ` (${passwordProblem})`
  throw new Hindrance(`no password given for user ${user}${because}`)
}
