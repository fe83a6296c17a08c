import { readFileSync } from 'node:fs'
import { describe, UsageError, VariableError } from '../../base/errors.ts'
import { redactMalformed } from '../../base/redact.ts'
import { reloading } from '../network/reloading.ts'
import { TlsFiles, type TlsMaterial } from '../network/tls-files.ts'

/** The address of a Consul agent, and the credentials for it. */
export interface Location {
  /** For messages to users, without secrets. */
  readonly address: string
  readonly host: string
  readonly port: number
  readonly secure: boolean
  readonly token: () => string | undefined
  /** `undefined`: the agent's own. */
  readonly datacenter: string | undefined
  /** For Consul Enterprise. `undefined`: the token's own. */
  readonly namespace: string | undefined
  readonly tls: TlsFiles | undefined
  readonly rejectUnauthorized: boolean
}

/** Consul's own ports for HTTP and HTTPS. */
const PORTS = { 'consul:': 8500, 'consuls:': 8501 }

const EXAMPLE =
  'write consul://host:8500 or consuls://host:8501, with ?dc=DATACENTER or ?ns=NAMESPACE where needed'

/**
 * Reads a backend URL, and the environment variables that Consul's own tools read.
 * @throws UsageError the URL or a variable is malformed, or a file that a variable names cannot be read.
 * @throws UnavailableError the client's certificate and key do not match.
 */
export const locate = (url: string, env: NodeJS.ProcessEnv): Location => {
  const { protocol, hostname, port, search, searchParams } = parse(url)
  refusePartition(env)
  const secure = protocol === 'consuls:'
  const number = Number(port || PORTS[secure ? 'consuls:' : 'consul:'])
  return {
    address: `${protocol}//${hostname}:${number}${search}`,
    host: hostname,
    port: number,
    secure,
    token: reloading(tokenOf(env), () => tokenOf(env)),
    datacenter: searchParams.get('dc') ?? undefined,
    namespace: searchParams.get('ns') ?? (env.CONSUL_NAMESPACE || undefined),
    tls: secure
      ? new TlsFiles(() => tlsOf(env), 'CONSUL_CLIENT_CERT with CONSUL_CLIENT_KEY')
      : undefined,
    rejectUnauthorized: !secure || booleanOf(env.CONSUL_HTTP_SSL_VERIFY || 'true'),
  }
}

const parse = (text: string): URL => {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url?.username || url?.password) {
    throw new UsageError(
      'a Consul URL cannot contain credentials: set CONSUL_HTTP_TOKEN or CONSUL_HTTP_TOKEN_FILE',
    )
  }
  if (!url?.hostname)
    throw new UsageError(`"${redactMalformed(text)}" does not name a Consul agent: ${EXAMPLE}`)
  const settings = [...url.searchParams]
  const strange = settings.some(([name, value]) => !SETTINGS.has(name) || value === '')
  if (!/^\/?$/.test(url.pathname) || strange || url.hash) {
    throw new UsageError(`"${redactMalformed(text)}" has text after the port: ${EXAMPLE}`)
  }
  return url
}

const SETTINGS: ReadonlySet<string> = new Set(['dc', 'ns'])

/** Consul before 1.11 ignores a partition without an error. */
const refusePartition = ({ CONSUL_PARTITION: partition }: NodeJS.ProcessEnv): void => {
  if (!partition || partition === 'default') return
  throw new UsageError(
    'rdv does not support admin partitions: unset CONSUL_PARTITION, and name an agent of that partition',
  )
}

/** If both are set, the file takes precedence, as in Consul's own tools. */
const tokenOf = (env: NodeJS.ProcessEnv): string | undefined => {
  const file = read(env, 'CONSUL_HTTP_TOKEN_FILE')
  return file?.toString().trim() || env.CONSUL_HTTP_TOKEN?.trim() || undefined
}

const tlsOf = (env: NodeJS.ProcessEnv): TlsMaterial => ({
  ca: read(env, 'CONSUL_CACERT'),
  cert: read(env, 'CONSUL_CLIENT_CERT'),
  key: read(env, 'CONSUL_CLIENT_KEY'),
})

const read = (env: NodeJS.ProcessEnv, variable: string): Buffer | undefined => {
  const path = env[variable]
  if (!path) return undefined
  try {
    return readFileSync(path)
  } catch (cause) {
    throw new VariableError(`${variable} names a file that cannot be read: ${describe(cause)}`, {
      cause,
    })
  }
}

/** The texts that Go's strconv.ParseBool accepts. */
const booleanOf = (text: string): boolean => {
  if (/^(1|t|T|true|TRUE|True)$/.test(text)) return true
  if (/^(0|f|F|false|FALSE|False)$/.test(text)) return false
  throw new VariableError(`CONSUL_HTTP_SSL_VERIFY is "${text}": write true or false`)
}
