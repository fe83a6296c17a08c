import { readFileSync } from 'node:fs'
import { describe, UsageError, VariableError } from '../../errors.ts'
import { redactMalformed } from '../../redact.ts'

/** Where a Consul agent is, and how one presents oneself to it. */
export interface Location {
  /** For people, without secrets. */
  readonly address: string
  readonly host: string
  readonly port: number
  readonly secure: boolean
  readonly token: string | undefined
  readonly tls: TlsSettings
}

interface TlsSettings {
  readonly ca?: Buffer
  readonly cert?: Buffer
  readonly key?: Buffer
  readonly rejectUnauthorized?: boolean
}

/** Consul's own ports for HTTP and HTTPS. */
const PORTS = { 'consul:': 8500, 'consuls:': 8501 }

const EXAMPLE = 'write consul://host:8500 or consuls://host:8501'

/**
 * Reads a backend URL, and from the environment what Consul's own tools read there.
 * @throws UsageError malformed, or a file that it names cannot be read.
 */
export const locate = (url: string, env: NodeJS.ProcessEnv): Location => {
  const { protocol, hostname, port } = parse(url)
  const secure = protocol === 'consuls:'
  const number = Number(port || PORTS[secure ? 'consuls:' : 'consul:'])
  return {
    address: `${protocol}//${hostname}:${number}`,
    host: hostname,
    port: number,
    secure,
    token: tokenOf(env),
    tls: secure ? tlsOf(env) : {},
  }
}

const parse = (text: string): URL => {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url?.username || url?.password) {
    throw new UsageError(
      'a Consul URL has no room for credentials: set CONSUL_HTTP_TOKEN or CONSUL_HTTP_TOKEN_FILE',
    )
  }
  if (!url?.hostname)
    throw new UsageError(`"${redactMalformed(text)}" names no Consul agent: ${EXAMPLE}`)
  if (!/^\/?$/.test(url.pathname) || url.search || url.hash) {
    throw new UsageError(`"${redactMalformed(text)}" has something behind the port: ${EXAMPLE}`)
  }
  return url
}

/** As in Consul's own tools the file wins. */
const tokenOf = (env: NodeJS.ProcessEnv): string | undefined => {
  const file = read(env, 'CONSUL_HTTP_TOKEN_FILE')
  return file?.toString().trim() || env.CONSUL_HTTP_TOKEN?.trim() || undefined
}

const tlsOf = (env: NodeJS.ProcessEnv): TlsSettings => ({
  ca: read(env, 'CONSUL_CACERT'),
  cert: read(env, 'CONSUL_CLIENT_CERT'),
  key: read(env, 'CONSUL_CLIENT_KEY'),
  rejectUnauthorized: booleanOf(env.CONSUL_HTTP_SSL_VERIFY || 'true'),
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

/** What Go's strconv.ParseBool takes. */
const booleanOf = (text: string): boolean => {
  if (/^(1|t|T|true|TRUE|True)$/.test(text)) return true
  if (/^(0|f|F|false|FALSE|False)$/.test(text)) return false
  throw new VariableError(`CONSUL_HTTP_SSL_VERIFY is "${text}": write true or false`)
}
