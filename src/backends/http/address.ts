import { readFileSync } from 'node:fs'
import { lacksHost } from '../../base/authority.ts'
import { UsageError, VariableError } from '../../base/errors.ts'
import { reloading } from '../network/reloading.ts'
import { TlsFiles, type TlsMaterial } from '../network/tls-files.ts'

/** The address of a server, and the credentials for it. */
export interface ServerAddress {
  /** Without a path and without secrets: `http://h:8080`. */
  readonly origin: string
  readonly url: URL
  readonly token?: () => string
  /** The variable that the token comes from. */
  readonly tokenFrom?: string
  /** Only for `https`. */
  readonly tls?: TlsFiles
}

/**
 * Reads `http://h:8080` or `https://h:8080`. The token comes from `RDV_TOKEN` or from the file `RDV_TOKEN_FILE`. For
 * `https`, an authority and a client's certificate come from the files `RDV_CACERT`, `RDV_CLIENT_CERT` and
 * `RDV_CLIENT_KEY`.
 * @throws UsageError the URL is malformed, or a file cannot be read.
 * @throws UnavailableError the client's certificate and key do not match.
 */
export const parseAddress = (text: string, env: NodeJS.ProcessEnv): ServerAddress => {
  const url = /\s/.test(text) ? null : URL.parse(text)
  if (lacksHost(text)) throw malformed('has no host')
  if (!url?.hostname) throw malformed('is malformed')
  if (url.username || url.password) throw malformed('has a user or a password (use RDV_TOKEN)')
  if (url.pathname !== '/' || url.search || url.hash) throw malformed('has more than a host')
  const tls =
    url.protocol === 'https:'
      ? new TlsFiles(() => tlsMaterial(env), 'RDV_CLIENT_CERT with RDV_CLIENT_KEY')
      : undefined
  return { origin: url.origin, url, ...tokenOf(env), tls }
}

/** The message does not contain the text itself, which may hold a password. */
const malformed = (problem: string): UsageError =>
  new UsageError(`the URL of the rendezvous server ${problem}: write http://HOST:PORT`)

const tokenOf = (env: NodeJS.ProcessEnv): Pick<ServerAddress, 'token' | 'tokenFrom'> => {
  const { RDV_TOKEN: given } = env
  const tokenFrom = given ? 'RDV_TOKEN' : 'RDV_TOKEN_FILE'
  const first = given || fileOf(env, 'RDV_TOKEN_FILE')?.trim()
  if (first === undefined) return {}
  const valid = checkToken(first, tokenFrom)
  if (given) return { token: () => valid, tokenFrom }
  return { token: reloading(valid, () => checkToken(tokenIn(env), tokenFrom)), tokenFrom }
}

const tokenIn = (env: NodeJS.ProcessEnv): string => fileOf(env, 'RDV_TOKEN_FILE')?.trim() ?? ''

const checkToken = (token: string, from: string): string => {
  if (/^[\x21-\x7e]+$/.test(token)) return token
  throw new VariableError(
    `the token (${from}) is empty or has characters that are not allowed in an HTTP header`,
  )
}

const tlsMaterial = (env: NodeJS.ProcessEnv): TlsMaterial => ({
  ca: fileOf(env, 'RDV_CACERT'),
  cert: fileOf(env, 'RDV_CLIENT_CERT'),
  key: fileOf(env, 'RDV_CLIENT_KEY'),
})

const fileOf = (env: NodeJS.ProcessEnv, variable: string): string | undefined => {
  const path = env[variable]
  if (!path) return undefined
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code
    throw new VariableError(`${path} (${variable}) cannot be read: ${reason}`, { cause })
  }
}
