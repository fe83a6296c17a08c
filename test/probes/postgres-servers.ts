import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { vi } from 'vitest'
import { UsageError } from '../../src/base/errors.ts'
import { createCertificates, type TlsFiles } from '../services/certificates.ts'
import { type PostgresOptions, type PostgresService, startPostgres } from '../services/postgres.ts'
import { psqlConnects } from '../services/psql.ts'
import { temporaryFolder } from '../services/watchdog.ts'
import { look } from './servers.ts'

/** Connection parameters by their names in libpq. */
export type Given = Readonly<Record<string, string | number | undefined>>

/** The parameters in the form in which a user gives them: a URL and an environment. */
export interface Said {
  readonly url: string
  readonly env: Readonly<Record<string, string>>
}

const variables: Readonly<Record<string, string>> = {
  dbname: 'PGDATABASE',
  sslmode: 'PGSSLMODE',
  sslrootcert: 'PGSSLROOTCERT',
  sslcert: 'PGSSLCERT',
  sslkey: 'PGSSLKEY',
  target_session_attrs: 'PGTARGETSESSIONATTRS',
}

const stated = (given: Given): [name: string, value: string][] =>
  Object.entries(given).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value)] as [string, string]],
  )

/** Three ways to give the same parameters. */
export const sources = {
  URL: (given: Given): Said => {
    const {
      user = '',
      password = '',
      host,
      port,
      dbname,
      ...rest
    } = Object.fromEntries(stated(given))
    const query = new URLSearchParams(rest).toString()
    const login = `${user}:${encodeURIComponent(password)}`
    return { url: `postgres://${login}@${host}:${port}/${dbname}?${query}`, env: {} }
  },
  environment: (given: Given): Said => ({
    url: 'postgres:///',
    env: Object.fromEntries(
      stated(given).map(([name, value]) => [variables[name] ?? `PG${name.toUpperCase()}`, value]),
    ),
  }),
  'service file': (given: Given): Said => {
    const file = join(temporaryFolder('service'), 'services')
    const lines = stated(given).map(([name, value]) => `${name}=${value}`)
    writeFileSync(file, ['# of the tests', '[other]', 'port=1', '', '[app]', ...lines].join('\n'))
    return { url: 'postgres:///', env: { PGSERVICE: 'app', PGSERVICEFILE: file } }
  },
}

export type Source = keyof typeof sources

/** A home folder without any file of the user who runs the tests. */
export const emptyHome = (): string => temporaryFolder('home')

/** A home folder with the root certificate in the place where libpq looks by default. */
export const homeWithRoot = (file: string): string => {
  const home = emptyHome()
  mkdirSync(join(home, '.postgresql'))
  copyFileSync(file, join(home, '.postgresql/root.crt'))
  return home
}

/** Whether rdv's probe connects within this environment. */
const probeConnects = async ({ url, env }: Said, home: string): Promise<boolean> => {
  for (const name of Object.keys(process.env)) {
    if (name.startsWith('PG')) vi.stubEnv(name, undefined)
  }
  for (const [name, value] of Object.entries({ HOME: home, ...env })) vi.stubEnv(name, value)
  try {
    return (await look(url, {}, 20_000)).up
  } catch (error) {
    if (error instanceof UsageError) return false
    throw error
  } finally {
    vi.unstubAllEnvs()
  }
}

/** By case: whether a client connects. */
export type Answers = Readonly<Record<string, boolean>>

const atOnce = 4

/**
 * Tries each case with rdv's probe and with psql. The probes run one after the other, because each changes the
 * environment of this process.
 */
export const askBoth = async (
  asked: ReadonlyMap<string, Said>,
  home = emptyHome(),
): Promise<{ rdv: Answers; psql: Answers }> => {
  const [rdv, psql] = await Promise.all([
    answers(asked, 1, (said) => probeConnects(said, home)),
    answers(asked, atOnce, ({ url, env }) => psqlConnects(url, { HOME: home, ...env })),
  ])
  return { rdv, psql }
}

const answers = async (
  asked: ReadonlyMap<string, Said>,
  limit: number,
  ask: (said: Said) => Promise<boolean>,
): Promise<Answers> => {
  const found = new Map<string, boolean>()
  const left = asked.entries()
  const worker = async () => {
    for (const [name, said] of left) found.set(name, await ask(said))
  }
  await Promise.all(Array.from({ length: limit }, worker))
  return Object.fromEntries([...asked.keys()].map((name) => [name, found.get(name) ?? false]))
}

/** One server of each kind that clients meet. */
export interface Servers {
  readonly all: Readonly<Record<Kind, PostgresService>>
  /** Admits clients whose certificate has the name `rdv`. */
  readonly certificates: PostgresService
  readonly tls: TlsFiles
  stop(): Promise<void>
}

export const kinds = [
  'no TLS',
  'TLS optional',
  'TLS only',
  'self-signed',
  'for another host',
  'read-only',
  'standby',
] as const

export type Kind = (typeof kinds)[number]

/** Names that a URL can contain only in percent-encoding. */
export const databases = ['my#db', 'a/b', '100%', 'a b', 'bücher', 'q?x=y&z', 'a@b']

export const startServers = async (): Promise<Servers> => {
  const tls = await createCertificates()
  const started: PostgresService[] = []
  const start = async (options: PostgresOptions) => {
    const service = await startPostgres(options)
    started.push(service)
    return service
  }
  const primary = await start({ tls, databases })
  const hba = ['hostssl all all 127.0.0.1/32 scram-sha-256']
  const [none, only, selfSigned, elsewhere, readOnly, standby, certificates] = await Promise.all([
    start({}),
    start({ tls, hba }),
    start({ tls: tls.selfSigned, hba }),
    start({ tls: tls.elsewhere, hba }),
    start({ tls, settings: ['default_transaction_read_only=on'] }),
    start({ tls, standbyOf: primary }),
    start({ tls: { ...tls, clients: tls.ca }, hba: ['hostssl all rdv 127.0.0.1/32 cert'] }),
  ])
  const all = {
    'no TLS': none,
    'TLS optional': primary,
    'TLS only': only,
    'self-signed': selfSigned,
    'for another host': elsewhere,
    'read-only': readOnly,
    standby,
  }
  const stop = async () => void (await Promise.all(started.map((one) => one.stop())))
  return { all, certificates, tls, stop }
}
