import { execFileSync, spawnSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  copyFileSync,
  cpSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import { findProgram } from './fetch.ts'
import { type Program, programEnvironment } from './programs.ts'
import { type Place, portOf, type Service, startService } from './service.ts'
import { temporaryFolder } from './watchdog.ts'

export interface PostgresOptions {
  /** The password of the superuser `postgres`. Every connection needs it. */
  readonly password?: string
  /** Databases that are created in an empty store. The first one is in the URL. */
  readonly databases?: readonly string[]
  /** The certificate and the key for TLS. Default: no TLS. */
  readonly tls?: {
    readonly cert: string
    readonly key: string
    /** The authority that must have signed clients' certificates. */
    readonly clients?: string
  }
  /** Lines of pg_hba.conf for connections over TCP. Default: every connection, with a password. */
  readonly hba?: readonly string[]
  /** Settings such as `default_transaction_read_only=on`. */
  readonly settings?: readonly string[]
  /** The primary server, if this is a standby. Both have the same users and passwords. */
  readonly standbyOf?: PostgresService
}

export interface PostgresService extends Service {
  readonly user: string
  readonly password: string
  /** The folder of its Unix socket. It listens there and on TCP. */
  readonly socketFolder: string
  /** Runs statements as the superuser. */
  query(...statements: string[]): Promise<void>
  /**
   * Asks the server to end. It accepts no more connections, and ends once the last one is closed. Call the returned
   * function to close it.
   */
  leave(): Promise<() => Promise<void>>
}

const user = 'postgres'
const host = '127.0.0.1'

/** PostgreSQL refuses to run as root. This user exists everywhere and owns no files. */
const nobody = 65534

const uid = process.getuid?.() === 0 ? nobody : undefined

const identity = uid === undefined ? {} : { uid, gid: uid }

const own = (path: string): void => {
  if (uid !== undefined) chownSync(path, uid, uid)
}

const opensForOthers = (program: Program): boolean =>
  spawnSync(program.path, ['--version'], { env: programEnvironment(program), ...identity })
    .status === 0

const moved = (program: Program, from: string): Program => {
  const folder = join(temporaryFolder('postgres-program'), 'copy')
  cpSync(from, folder, { recursive: true, verbatimSymlinks: true })
  chmodSync(dirname(folder), 0o755)
  return {
    ...program,
    path: program.path.replace(from, folder),
    folder,
    libraries: join(folder, 'libraries'),
  }
}

let usable: Program | undefined

/**
 * The program in a place where the user that runs it can start it. Other users cannot open a checkout below root's
 * home.
 */
const findUsable = (): Program => {
  const found = findProgram('postgres')
  const program = { ...found, path: realpathSync(found.path) }
  if (opensForOthers(program)) return program
  if (found.folder === undefined) throw new Error(`user ${uid} cannot start ${program.path}`)
  return moved(program, realpathSync(found.folder))
}

/** Creates a data directory whose superuser has this password. */
const initialise = (program: Program, password: string): string => {
  const folder = temporaryFolder('postgres-empty')
  const passwordFile = join(folder, 'password')
  const data = join(folder, 'data')
  writeFileSync(passwordFile, password)
  for (const path of [folder, passwordFile]) own(path)
  const args = [
    `--pgdata=${data}`,
    `--username=${user}`,
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--no-locale',
    '--no-sync',
  ]
  const options = { env: programEnvironment(program), cwd: '/', ...identity }
  execFileSync(join(dirname(program.path), 'initdb'), args, { ...options, stdio: 'pipe' })
  rmSync(passwordFile)
  return data
}

const initialised = new Map<string, string>()

/** Creates an empty store: a copy of the one that initdb made for this password. */
const makeStore = (program: Program, place: Place, password: string): void => {
  const made = initialised.get(password) ?? initialise(program, password)
  initialised.set(password, made)
  rmSync(place.data, { recursive: true, force: true })
  execFileSync('cp', ['-a', made, place.data])
}

const configure = (place: Place, { tls, hba, standbyOf }: PostgresOptions): void => {
  own(place.folder)
  if (standbyOf) writeFileSync(join(place.data, 'standby.signal'), '')
  if (hba) {
    const lines = ['local all all scram-sha-256', ...hba, '']
    writeFileSync(join(place.data, 'pg_hba.conf'), lines.join('\n'))
  }
  if (!tls) return
  const files = { 'server.crt': tls.cert, 'server.key': tls.key, 'clients.crt': tls.clients }
  for (const [name, from] of Object.entries(files)) {
    if (from === undefined) continue
    const file = join(place.data, name)
    copyFileSync(from, file)
    chmodSync(file, 0o600)
    own(file)
  }
}

const serverSettings = ({ tls, settings = [], standbyOf }: PostgresOptions): string[] => {
  const login = standbyOf && `user=${user} password='${standbyOf.password}'`
  const primary = standbyOf && `primary_conninfo=host=${host} port=${standbyOf.port} ${login}`
  const ssl = tls ? ['ssl=on', ...(tls.clients ? ['ssl_ca_file=clients.crt'] : [])] : []
  const all = [...settings, ...ssl, ...(primary ? [primary] : [])]
  return all.flatMap((setting) => ['-c', setting])
}

const serverFlags = (place: Place, options: PostgresOptions): string[] => [
  '-D',
  place.data,
  ...['-h', host],
  ...['-p', String(portOf(place))],
  ...['-k', place.folder],
  ...['-c', 'jit=off'],
  // the kernel keeps what a killed process wrote
  ...['-c', 'fsync=off'],
  ...serverSettings(options),
]

interface At {
  readonly folder: string
  readonly port: number
}

const open = async (place: At, password: string): Promise<pg.Client> => {
  const client = new pg.Client({
    host: place.folder,
    port: place.port,
    user,
    password,
    database: 'postgres',
    connectionTimeoutMillis: 2000,
    query_timeout: 10_000,
  })
  client.on('error', () => {})
  await client.connect().catch((error: unknown) => {
    void client.end()
    throw error
  })
  return client
}

const query = async (place: At, password: string, statements: readonly string[]): Promise<void> => {
  const client = await open(place, password)
  try {
    for (const statement of statements) await client.query(statement)
  } finally {
    await client.end().catch(() => {})
  }
}

const ready = (place: At, password: string): Promise<boolean> =>
  query(place, password, ['select 1']).then(
    () => true,
    () => false,
  )

const createDatabases = (place: Place, password: string, names: readonly string[]): Promise<void> =>
  query(
    { ...place, port: portOf(place) },
    password,
    names
      .filter((name) => name !== 'postgres')
      .map((name) => `create database ${pg.escapeIdentifier(name)}`),
  )

/** Starts PostgreSQL on 127.0.0.1 and on a Unix socket, with SCRAM authentication. */
export const startPostgres = async (options: PostgresOptions = {}): Promise<PostgresService> => {
  const { password = 'secret of the tests', databases = [] } = options
  usable ??= findUsable()
  const program = usable
  let socketFolder = ''
  const login = `${user}:${encodeURIComponent(password)}`
  const service = await startService({
    name: 'postgres',
    ports: 1,
    // it removes its System V shared memory only if it is asked to end
    stopSignal: 'SIGINT',
    url: (place) => `postgres://${login}@${host}:${portOf(place)}/${databases[0] ?? 'postgres'}`,
    prepare: (place) => {
      socketFolder = place.folder
      makeStore(program, place, password)
      configure(place, options)
    },
    launch: (place) => ({
      command: program.path,
      args: serverFlags(place, options),
      env: programEnvironment(program),
      uid,
    }),
    ready: (place) => ready({ ...place, port: portOf(place) }, password),
    initialise: (place) => createDatabases(place, password, databases),
  })
  return Object.assign(service, {
    user,
    password,
    socketFolder,
    query: (...statements: string[]) =>
      query({ folder: socketFolder, port: service.port }, password, statements),
    async leave() {
      const at = { folder: socketFolder, port: service.port }
      const client = await open(at, password)
      process.kill(service.pid, 'SIGTERM')
      while (await ready(at, password)) await delay(15)
      return () => client.end()
    },
  })
}
