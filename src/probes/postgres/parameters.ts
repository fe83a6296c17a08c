import { UsageError } from '../../base/errors.ts'
import { printable } from '../../base/redact.ts'
import { mostSimilar } from '../../base/similar.ts'

/** A parameter's value, and the text that shows name and value in a message: `sslmode=bogus`, `PGSSLMODE=bogus`. */
export interface Given {
  readonly value: string
  readonly from: string
}

/** Connection parameters by their names in libpq. */
export type Parameters = ReadonlyMap<string, Given>

interface Rule {
  /** The environment variable that applies if the parameter is not given. */
  readonly variable?: string
  /** The supported values, if rdv does not support every text. */
  readonly words?: readonly string[]
  readonly integer?: boolean
  /** The reason why rdv refuses the parameter, or those of its values that are not among the words. */
  readonly because?: string
  /** Whether the parameter can hold a secret. No message contains the value of such a parameter. */
  readonly secret?: boolean
}

const tlsVersions = ['', 'TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3']

/** Every parameter of libpq 18, in the order of its manual. */
const rules: Readonly<Record<string, Rule>> = {
  host: { variable: 'PGHOST' },
  hostaddr: { variable: 'PGHOSTADDR' },
  port: { variable: 'PGPORT' },
  dbname: { variable: 'PGDATABASE' },
  user: { variable: 'PGUSER' },
  password: { variable: 'PGPASSWORD', secret: true },
  passfile: { variable: 'PGPASSFILE' },
  require_auth: { variable: 'PGREQUIREAUTH' },
  channel_binding: { variable: 'PGCHANNELBINDING', words: ['disable', 'prefer', 'require'] },
  connect_timeout: { variable: 'PGCONNECT_TIMEOUT', integer: true },
  client_encoding: { variable: 'PGCLIENTENCODING' },
  options: { variable: 'PGOPTIONS' },
  application_name: { variable: 'PGAPPNAME' },
  fallback_application_name: {},
  keepalives: { integer: true },
  keepalives_idle: { integer: true },
  keepalives_interval: { integer: true },
  keepalives_count: { integer: true },
  tcp_user_timeout: { integer: true },
  replication: {
    words: ['false', 'off', 'no', '0'],
    because: 'a probe does not open replication connections',
  },
  gssencmode: {
    variable: 'PGGSSENCMODE',
    words: ['prefer', 'disable'],
    because: 'rdv does not support GSSAPI',
  },
  sslmode: {
    variable: 'PGSSLMODE',
    words: ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'],
  },
  sslnegotiation: { variable: 'PGSSLNEGOTIATION', words: ['postgres', 'direct'] },
  sslcompression: { variable: 'PGSSLCOMPRESSION' },
  sslcert: { variable: 'PGSSLCERT' },
  sslkey: { variable: 'PGSSLKEY' },
  sslpassword: { secret: true },
  sslcertmode: {
    variable: 'PGSSLCERTMODE',
    words: ['allow', 'disable'],
    because: 'rdv cannot tell whether a server asked for a certificate',
  },
  sslrootcert: { variable: 'PGSSLROOTCERT' },
  sslcrl: { variable: 'PGSSLCRL' },
  sslcrldir: {
    variable: 'PGSSLCRLDIR',
    words: [''],
    because: 'rdv reads revocation lists only from the file that sslcrl names',
  },
  sslsni: { variable: 'PGSSLSNI' },
  sslkeylogfile: {},
  requirepeer: { variable: 'PGREQUIREPEER' },
  ssl_min_protocol_version: { variable: 'PGSSLMINPROTOCOLVERSION', words: tlsVersions },
  ssl_max_protocol_version: { variable: 'PGSSLMAXPROTOCOLVERSION', words: tlsVersions },
  min_protocol_version: {
    variable: 'PGMINPROTOCOLVERSION',
    words: ['3.0'],
    because: 'rdv supports only version 3.0 of the protocol',
  },
  max_protocol_version: { variable: 'PGMAXPROTOCOLVERSION', words: ['3.0', '3.2', 'latest'] },
  krbsrvname: { variable: 'PGKRBSRVNAME' },
  gsslib: { variable: 'PGGSSLIB' },
  gssdelegation: { variable: 'PGGSSDELEGATION' },
  scram_client_key: { words: [''], because: 'rdv supports only passwords', secret: true },
  scram_server_key: { words: [''], because: 'rdv supports only passwords', secret: true },
  service: { variable: 'PGSERVICE' },
  servicefile: { variable: 'PGSERVICEFILE' },
  target_session_attrs: {
    variable: 'PGTARGETSESSIONATTRS',
    words: ['any', 'read-write', 'read-only', 'primary', 'standby', 'prefer-standby'],
  },
  load_balance_hosts: { variable: 'PGLOADBALANCEHOSTS', words: ['disable', 'random'] },
  oauth_issuer: {},
  oauth_client_id: {},
  oauth_client_secret: { secret: true },
  oauth_scope: {},
}

/** Whether libpq has a parameter of this name. */
export const isParameter = (name: string): boolean => Object.hasOwn(rules, name)

/** Suggests what to write instead of a parameter that does not exist. */
export const suggestParameter = (name: string): string => {
  const known = Object.keys(rules)
  const similar = mostSimilar(name, known)
  const offer = similar === undefined ? 'write' : `did you mean ${similar}, or`
  return `${offer} one of ${known.join(', ')}`
}

/** Returns the parameters that the environment gives. As in libpq, an empty variable counts as given. */
export const fromEnvironment = (environment: NodeJS.ProcessEnv = process.env): Parameters => {
  const found = new Map<string, Given>()
  for (const [name, { variable = '' }] of Object.entries(rules)) {
    const value = environment[variable]
    if (value !== undefined) found.set(name, { value, from: `${variable}=${value}` })
  }
  // libpq still reads this older variable.
  if (!found.has('sslmode') && environment.PGREQUIRESSL?.startsWith('1')) {
    found.set('sslmode', { value: 'require', from: 'PGREQUIRESSL=1' })
  }
  return found
}

/**
 * @throws UsageError for a value that libpq refuses or that rdv does not support. The message names the supported
 * values.
 */
export const checkParameters = (parameters: Parameters): void => {
  for (const [name, given] of parameters) check(name, given)
}

const check = (name: string, { value, from }: Given): void => {
  const { words, integer, because, secret } = rules[name] ?? {}
  const shown = secret ? name : printable(from)
  if (integer && !/^\s*[+-]?\d{1,10}\s*$/.test(value))
    throw new UsageError(`${shown} is not usable: write a whole number`)
  if (words === undefined || words.includes(value)) return
  const allowed = words.filter((word) => word !== '')
  const offer = allowed.length === 0 ? 'leave it out' : `write ${either(allowed)}`
  throw new UsageError(
    `${shown} is not usable${because === undefined ? '' : `, as ${because}`}: ${offer}`,
  )
}

const either = (words: readonly string[]): string =>
  words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`
