import { UsageError } from '../../base/errors.ts'
import { printable, redactMalformed } from '../../base/redact.ts'
import { decoded } from '../endpoint.ts'
import { type Given, isParameter, type Parameters, suggestParameter } from './parameters.ts'

const form = 'postgres://USER@HOST:PORT/DATABASE, with special characters percent-encoded'

/** The message omits the query, because a value under an unknown name may be a password. */
export const malformedUrl = (text: string, problem: string): UsageError => {
  const shown = printable(redactMalformed(text)).replace(/\?.*/, '')
  return new UsageError(`${shown} ${problem}: write ${form}`)
}

/**
 * Returns the parameters of a `postgres://` URL, parsed as libpq does. There may be several hosts, any part may be
 * absent, and each part is percent-decoded, so a database may be called `a/b`. If a parameter is given twice, the later
 * value wins.
 * @throws UsageError if libpq refuses the URL, or if a password seems to be written without percent-encoding.
 */
export const parseConnectionUrl = (text: string): Parameters => {
  const match = /^[a-z]+:\/\/(?:([^@/]*)@)?([^/?]*)(?:\/([^?]*))?(?:\?(.*))?$/i.exec(text)
  if (match === null || /[\s\p{Cc}]/u.test(text)) throw malformedUrl(text, 'is malformed')
  const [, login = '', hosts = '', database = '', query = ''] = match
  if (hosts.includes('@')) throw malformedUrl(text, 'has an @ in its host')
  if (database.includes('@')) throw malformedUrl(text, 'has an @ in its database')
  const [, user = '', password = ''] = /^([^:]*):?(.*)$/.exec(login) ?? []
  const places = hosts.split(',').map((host) => placeOf(text, host))
  const parts: [name: string, value: string][] = [
    ['user', user],
    ['password', password],
    ['host', places.map(({ host }) => host).join(',')],
    ['port', places.map(({ port }) => port).join(',')],
    ['dbname', database],
  ]
  const given = parts.filter(([, value]) => value !== '')
  const found = new Map<string, Given>()
  for (const [name, value] of [...given, ...pairs(text, query)]) {
    const plain = unescaped(text, value)
    found.set(name, { value: plain, from: `${name}=${plain}` })
  }
  return found
}

const placeOf = (text: string, place: string): { host: string; port: string } => {
  const match = /^(?:\[([^\]]+)\]|([^:[\]]*))(?::(.*))?$/.exec(place)
  if (match === null) throw malformedUrl(text, 'is malformed')
  const [, address, name = '', port = ''] = match
  return { host: address ?? name, port }
}

const pairs = (text: string, query: string): [name: string, value: string][] =>
  query === '' ? [] : query.split('&').map((pair) => pairOf(text, pair))

const pairOf = (text: string, pair: string): [name: string, value: string] => {
  const [word = '', value, ...more] = pair.split('=')
  if (value === undefined || more.length > 0)
    throw malformedUrl(text, 'has a query that is not NAME=VALUE&NAME=VALUE')
  const name = unescaped(text, word)
  // JDBC and older versions of libpq use these names.
  if (name === 'ssl' && value === 'true') return ['sslmode', 'require']
  if (name === 'requiressl') return ['sslmode', value.startsWith('1') ? 'require' : 'prefer']
  if (isParameter(name)) return [name, value]
  throw new UsageError(
    `a postgres:// URL has no parameter ${printable(name)}: ${suggestParameter(name)}`,
  )
}

const unescaped = (text: string, part: string): string => {
  const plain = decoded(part)
  if (plain === undefined) throw malformedUrl(text, 'has a stray %')
  if (plain.includes('\0')) throw malformedUrl(text, 'has a %00')
  return plain
}
