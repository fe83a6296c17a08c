import { readFileSync } from 'node:fs'
import { describe, UsageError, VariableError } from '../../base/errors.ts'
import { TlsFiles, type TlsMaterial } from '../network/tls-files.ts'

/** The address of a cluster, and the credentials for it. */
export interface Location {
  /** For messages to users, without secrets. */
  readonly address: string
  /** `host:port` of each server. */
  readonly hosts: readonly string[]
  readonly tls?: TlsFiles
  readonly login?: Login
}

export interface Login {
  readonly name: string
  readonly password: string
}

const SHAPE = /^(?<scheme>etcds?):\/\/(?:(?<userInfo>[^/]*)@)?(?<hosts>[^/@]+)\/?$/
const HOST = /^(?<name>\[[0-9a-fA-F:.]+\]|[^:[\]\s]+)(?::(?<port>\d{1,5}))?$/

/**
 * Reads the URL, and the environment variables that etcdctl reads.
 * @throws UsageError the URL or a variable is wrong. The message does not contain the URL, which may hold a password.
 * @throws UnavailableError the client's certificate and key do not match.
 */
export const locate = (url: string, env: NodeJS.ProcessEnv): Location => {
  const { scheme, userInfo, hosts } = SHAPE.exec(url)?.groups ?? {}
  if (!scheme || !hosts) throw new UsageError(`an etcd URL is ${EXAMPLE}`)
  const servers = hosts.split(',').map(withPort)
  return {
    address: `${scheme}://${servers.join(',')}`,
    hosts: servers,
    tls:
      scheme === 'etcds'
        ? new TlsFiles(() => tlsFrom(env), 'ETCDCTL_CERT with ETCDCTL_KEY')
        : undefined,
    login: userInfo ? loginFromUrl(userInfo) : loginFrom(env),
  }
}

const EXAMPLE = 'etcd://host:2379,host2:2379, or etcds:// with TLS'

const withPort = (host: string): string => {
  const { name, port = '2379' } = HOST.exec(host)?.groups ?? {}
  const valid = name && Number(port) > 0 && Number(port) < 65_536
  if (!valid) throw new UsageError(`the etcd URL has a malformed host: write ${EXAMPLE}`)
  return `${name}:${port}`
}

const tlsFrom = (env: NodeJS.ProcessEnv): TlsMaterial => {
  const { ETCDCTL_CACERT: ca, ETCDCTL_CERT: cert, ETCDCTL_KEY: key } = env
  if (!cert !== !key) throw new VariableError('set both ETCDCTL_CERT and ETCDCTL_KEY, or neither')
  return {
    ca: ca ? contentOf('ETCDCTL_CACERT', ca) : trustedByNode(),
    ...(cert && { cert: contentOf('ETCDCTL_CERT', cert) }),
    ...(key && { key: contentOf('ETCDCTL_KEY', key) }),
  }
}

/** Loads TLS only if it is used. */
const trustedByNode = (): Buffer => {
  trusted ??= Buffer.from(
    process.getBuiltinModule('node:tls').getCACertificates('default').join('\n'),
  )
  return trusted
}

let trusted: Buffer | undefined

const loginFromUrl = (userInfo: string): Login => {
  const [name = '', password] = halves(userInfo)
  if (!name || password === undefined) throw new UsageError('write etcd://user:password@host:2379')
  return { name: decoded(name), password: decoded(password) }
}

/** As in etcdctl: if there is a separate password, the whole of ETCDCTL_USER is the name. */
const loginFrom = (env: NodeJS.ProcessEnv): Login | undefined => {
  const user = env.ETCDCTL_USER
  if (!user) return undefined
  const given = env.ETCDCTL_PASSWORD || passwordFile(env.ETCDCTL_PASSWORD_FILE)
  if (given) return { name: user, password: given }
  const [name, password] = halves(user)
  if (!name || password === undefined) {
    throw new VariableError('ETCDCTL_USER has no password: set ETCDCTL_PASSWORD too')
  }
  return { name, password }
}

const passwordFile = (path: string | undefined): string | undefined =>
  path
    ? contentOf('ETCDCTL_PASSWORD_FILE', path)
        .toString()
        .replace(/\r?\n$/, '')
    : undefined

const halves = (text: string): [string, string | undefined] => {
  const colon = text.indexOf(':')
  return colon === -1 ? [text, undefined] : [text.slice(0, colon), text.slice(colon + 1)]
}

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text)
  } catch {
    throw new UsageError('write a % in the user or password of a URL as %25')
  }
}

const contentOf = (variable: string, path: string): Buffer => {
  try {
    return readFileSync(path)
  } catch (cause) {
    throw new VariableError(`${variable} cannot be read: ${describe(cause)}`, { cause })
  }
}
