import { UsageError } from '../../base/errors.ts'
import { printable } from '../../base/redact.ts'
import { allowedMethods } from './authentication.ts'
import { checkParameters, fromEnvironment, type Parameters } from './parameters.ts'
import type { Host, Settings } from './wanted.ts'

/**
 * Returns the service whose parameters apply too. Parameters of the URL take precedence over those of the service, and
 * these over those of the environment.
 */
export const serviceOf = (url: Parameters): { service?: string; servicefile: string } => {
  const all = new Map([...fromEnvironment(), ...url])
  return {
    service: all.get('service')?.value,
    servicefile: all.get('servicefile')?.value ?? '',
  }
}

/** @throws UsageError if libpq refuses the parameters. */
export const combine = (url: Parameters, service: Parameters = new Map()): Settings => {
  const all: Parameters = new Map([...fromEnvironment(), ...service, ...url])
  checkParameters(all)
  const of = (name: string) => all.get(name)?.value ?? ''
  const sslmode = of('sslmode') || (of('sslrootcert') === 'system' ? 'verify-full' : 'prefer')
  const settings = {
    hosts: hostsOf(of, all.get('port')?.from ?? ''),
    sslmode,
    of,
    has: (name: string) => all.has(name),
  }
  checkTogether(settings)
  return settings
}

/** Whether the host is a Unix socket: its name is a directory, or an abstract name that begins with `@`. */
export const isSocket = ({ name, address }: Host): boolean => address === '' && /^[/@]/.test(name)

const hostsOf = (of: Settings['of'], from: string): Host[] => {
  const names = list(of('host'))
  const addresses = list(of('hostaddr'))
  const count = addresses.length || names.length
  if (names.length > 0 && names.length !== count) throw mismatch('hostaddr', addresses, names)
  const ports = list(of('port'))
  if (ports.length > 1 && ports.length !== count)
    throw mismatch('port', ports, names.length > 0 ? names : addresses)
  return Array.from({ length: count }, (_, at) => ({
    name: names[at] ?? '',
    address: addresses[at] ?? '',
    port: portNumber((ports.length > 1 ? ports[at] : ports[0]) ?? '', from),
  }))
}

const list = (text: string): string[] => (text === '' ? [] : text.split(','))

const mismatch = (name: string, values: string[], hosts: string[]): UsageError =>
  new UsageError(
    `there are ${values.length} values of ${name} for ${hosts.length} hosts: write one for each host`,
  )

const portNumber = (text: string, from: string): number => {
  const number = Number(text || 5432)
  if (/^\d*$/.test(text) && number > 0 && number < 65_536) return number
  const zero = from.startsWith('PG') ? 'PGPORT' : 'the postgres:// URL'
  const problem = text === '0' ? `${zero} has the port 0` : `${shownPort(text, from)} is not usable`
  throw new UsageError(`${problem}: write ports from 1 to 65535`)
}

/**
 * If the host is missing from a URL, the password may stand in the place of the port. So the message shows such a port
 * only if it has no other characters than digits and commas.
 */
const shownPort = (text: string, from: string): string =>
  from.startsWith('PG') || /^[\d,]*$/.test(text)
    ? printable(from)
    : 'the port of the URL or service'

const checkTogether = (settings: Settings): void => {
  const { hosts, sslmode, of } = settings
  allowedMethods(settings)
  const strong = ['require', 'verify-ca', 'verify-full'].includes(sslmode)
  if (of('sslrootcert') === 'system' && sslmode !== 'verify-full')
    throw new UsageError(
      `sslrootcert=system is not usable with sslmode=${sslmode}: write sslmode=verify-full`,
    )
  if (of('sslnegotiation') === 'direct' && !strong)
    throw new UsageError(
      `sslnegotiation=direct is not usable with sslmode=${sslmode}: write sslmode=require, verify-ca or verify-full`,
    )
  if (of('requirepeer') !== '' && hosts.some(isSocket))
    throw new UsageError('rdv cannot check the server of a Unix socket: leave requirepeer out')
  const [least = '', most = ''] = [of('ssl_min_protocol_version'), of('ssl_max_protocol_version')]
  if (least !== '' && most !== '' && least > most)
    throw new UsageError(
      `ssl_min_protocol_version=${least} is above ssl_max_protocol_version=${most}: write a range`,
    )
}
