import { printable, redactMalformed } from '../base/redact.ts'
import { foreignPort } from './foreign-schemes.ts'

/** The probable meaning of a text that is neither a key nor a probe URL. */
export interface Advice {
  readonly kind: 'address' | 'scheme' | 'string' | 'path'
  /** The end of a sentence about the text: `is an address`. */
  readonly is: string
  /** The URL to write instead, without secrets. */
  readonly write: string
  /** A key that the user may have meant. */
  readonly key?: string | undefined
}

/**
 * Advises what to write instead of a text that begins with a scheme which rdv or other tools know, or that is an
 * address, a path or a library's connection string. Returns `undefined` if the text may as well be a key, such as
 * `app:v1`.
 */
export const adviceFor = (text: string): Advice | undefined => {
  const trimmed = text.trim()
  return forAddress(trimmed) ?? forScheme(trimmed) ?? forString(trimmed) ?? forPath(trimmed)
}

/**
 * Schemes that are not names of servers: `redis:6379` is a port of the host redis, but `http:80` is port 80 of this
 * machine.
 */
const transports =
  /^(dns|file|ftps?|grpcs?|https?(-\w+)?|jdbc|sftp|smtp|socket|ssh|tcp[46]?|udp|unix|wss?):/i

const forAddress = (text: string): Advice | undefined => {
  if (transports.test(text)) return undefined
  const address = { kind: 'address', is: 'is an address' } as const
  if (/^([\w.-]+|\[[\da-f:.]+\]):\d{1,5}$/i.test(text))
    return { ...address, write: `tcp://${text}` }
  if (/^:\d{1,5}$/.test(text)) return { ...address, write: `tcp://localhost${text}` }
  // A group may be called build:42/, so only localhost, an address or a name with a dot counts as a host.
  const host = /^(localhost|(\d+\.){3}\d+|\[[\da-f:.]+\]|[\w-]+(\.[\w-]+)*\.[a-z]{2,}):\d{1,5}\//i
  return host.test(text) ? { ...address, write: safeUrl('http', text) } : undefined
}

const forScheme = (text: string): Advice | undefined => {
  const [, prefix = '', rest = ''] = /^([a-z][a-z0-9+.-]*):(.*)$/is.exec(text) ?? []
  // SQLAlchemy appends a driver to the scheme: postgresql+asyncpg.
  const scheme = prefix.toLowerCase().replace(/\+.*/, '')
  const url = ours().get(scheme)?.(rest)
  const key = !transports.test(text) && /^[\w-]+$/.test(rest) ? `${scheme}/${rest}` : undefined
  if (url !== undefined)
    return { kind: 'scheme', is: 'looks like a URL but is not one', write: url, key }
  if (scheme === 'jdbc') return forScheme(rest) ?? foreign('jdbc', rest, undefined)
  const port = foreignPort(scheme)
  return port === undefined ? undefined : { ...foreign(scheme, rest, port || undefined), key }
}

/** For each scheme of a probe, and for other spellings of it: makes the URL from the text behind the colon. */
const ours = (): ReadonlyMap<string, (rest: string) => string> =>
  new Map([
    ['dns', (rest) => safeUrl('dns', bare(rest) || 'NAME')],
    ['file', (rest) => pathUrl('file', rest)],
    ['http', (rest) => webUrl('http', rest)],
    ['http-get', (rest) => webUrl('http', rest)],
    ['http-head', (rest) => webUrl('http', rest)],
    ['https', (rest) => webUrl('https', rest)],
    ['https-get', (rest) => webUrl('https', rest)],
    ['https-head', (rest) => webUrl('https', rest)],
    ['pgsql', (rest) => databaseUrl('postgres', rest)],
    ['postgres', (rest) => databaseUrl('postgres', rest)],
    ['postgresql', (rest) => databaseUrl('postgresql', rest)],
    ['psql', (rest) => databaseUrl('postgres', rest)],
    ['redis', (rest) => safeUrl('redis', bare(rest) || 'HOST')],
    ['rediss', (rest) => safeUrl('rediss', bare(rest) || 'HOST')],
    ['socket', (rest) => pathUrl('unix', rest)],
    ['tcp', portUrl],
    ['tcp4', portUrl],
    ['tcp6', portUrl],
    ['unix', (rest) => pathUrl('unix', rest)],
  ])

const bare = (rest: string): string => rest.replace(/^\/+/, '')

/** Makes a URL from the user's text, and redacts a password in it. */
const safeUrl = (scheme: string, place: string): string =>
  printable(redactMalformed(`${scheme}://${place}`))

const pathUrl = (scheme: string, rest: string): string => {
  if (/^\/*$/.test(rest)) return `${scheme}:///PATH`
  return rest.startsWith('/') ? `${scheme}:///${bare(rest)}` : `${scheme}://$PWD/${rest}`
}

const webUrl = (scheme: string, rest: string): string => {
  const [, path] = /^\/*unix:(\/[^:]*)/.exec(rest) ?? []
  if (path !== undefined) return `unix://${path}`
  const place = bare(rest).replace(/^:?(?=\d{1,5}(\/|$))/, 'localhost:')
  return place === '' ? `${scheme}://HOST:PORT/PATH` : safeUrl(scheme, place)
}

const portUrl = (rest: string): string => {
  const place = bare(rest)
    .replace(/\/+$/, '')
    .replace(/^:?(?=\d{1,5}$)/, 'localhost:')
  if (/^([\w.-]+|\[[\da-f:.]+\]):\d{1,5}$/i.test(place)) return `tcp://${place}`
  return /^[\w.-]+$/.test(place) ? `tcp://${place}:PORT` : 'tcp://HOST:PORT'
}

const databaseUrl = (scheme: string, rest: string): string => {
  if (/^[\w-]+$/.test(rest)) return `${scheme}://USER@HOST:PORT/${rest}`
  const place = bare(rest)
  return place === '' ? `${scheme}://USER@HOST:PORT/DATABASE` : safeUrl(scheme, place)
}

/** For a server without a probe of its own, the advice is a TCP probe of its port. */
const foreign = (scheme: string, rest: string, port = 'PORT'): Advice => {
  const [, host = 'HOST', own = port] =
    /^\/*(?:[^@/]*@)?([\w.-]+|\[[\da-f:.]+\])(?::(\d{1,5}))?(?=[/?,;#]|$)/i.exec(rest) ?? []
  const write = /^\d+$/.test(host) ? `tcp://localhost:${host}` : `tcp://${host}:${own}`
  return { kind: 'scheme', is: `is for ${scheme}, which has no probe`, write }
}

/** Recognizes connection strings of libraries, such as `user:password@tcp(host:3306)/name` and `host=db password=…`. */
const forString = (text: string): Advice | undefined => {
  const string = { kind: 'string', is: 'is a connection string' } as const
  const [source, place] = /^[^\s@/=]*:[^\s@]*@(?:\w*\()?([\w.-]+:\d{1,5})?/.exec(text) ?? []
  if (source !== undefined) return { ...string, write: `tcp://${place ?? 'HOST:PORT'}` }
  return /(^|\s)(host|hostaddr|dbname|password)=\S.*\s\w+=/.test(text)
    ? { ...string, write: 'postgres://USER@HOST:PORT/DATABASE' }
    : undefined
}

const forPath = (text: string): Advice | undefined => {
  const path = { kind: 'path', is: 'is a path' } as const
  if (/^\.{1,2}\/[^/]/.test(text))
    return { ...path, write: `file://$PWD/${text.replace(/^\.\//, '')}` }
  if (!/^\/[^/]/.test(text)) return undefined
  return { ...path, write: `${text.endsWith('.sock') ? 'unix' : 'file'}://${text}` }
}
