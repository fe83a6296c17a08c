import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, chownSync, cpSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import pg from 'pg'
import { findProgram } from './fetch.ts'
import { temporaryFolder } from './guard.ts'
import { type Program, programEnvironment } from './programs.ts'
import { type Place, portOf, type Service, startService } from './service.ts'

export interface PostgresOptions {
  /** Of the superuser `postgres`, asked on every connection. */
  readonly password?: string
  /** Created on an empty store; the first is the one in the URL. */
  readonly databases?: readonly string[]
}

export interface PostgresService extends Service {
  readonly user: string
  readonly password: string
  /** The folder of its Unix socket, which it listens on besides TCP. */
  readonly socketFolder: string
}

const user = 'postgres'
const host = '127.0.0.1'

/** PostgreSQL refuses to run as root; this user exists everywhere and owns nothing. */
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

/** The program, where the user it runs as can start it: a checkout below root's home is closed to others. */
const findUsable = (): Program => {
  const found = findProgram('postgres')
  const program = { ...found, path: realpathSync(found.path) }
  if (opensForOthers(program)) return program
  if (found.folder === undefined) throw new Error(`user ${uid} cannot start ${program.path}`)
  return moved(program, realpathSync(found.folder))
}

const initialise = (program: Program, place: Place, password: string): void => {
  const passwordFile = join(place.folder, 'password')
  writeFileSync(passwordFile, password)
  for (const path of [place.folder, place.data, passwordFile]) own(path)
  const args = [
    `--pgdata=${place.data}`,
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
}

const serverFlags = (place: Place): string[] => [
  '-D',
  place.data,
  ...['-h', host],
  ...['-p', String(portOf(place))],
  ...['-k', place.folder],
  ...['-c', 'jit=off'],
  // what a killed process wrote is kept by the kernel
  ...['-c', 'fsync=off'],
]

const query = async (place: Place, password: string, statements: string[]): Promise<void> => {
  const client = new pg.Client({
    host,
    port: portOf(place),
    user,
    password,
    database: 'postgres',
    connectionTimeoutMillis: 2000,
    query_timeout: 10_000,
  })
  client.on('error', () => {})
  try {
    await client.connect()
    for (const statement of statements) await client.query(statement)
  } finally {
    await client.end().catch(() => {})
  }
}

const ready = (place: Place, password: string): Promise<boolean> =>
  query(place, password, ['select 1']).then(
    () => true,
    () => false,
  )

const createDatabases = (place: Place, password: string, names: readonly string[]): Promise<void> =>
  query(
    place,
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
      initialise(program, place, password)
    },
    launch: (place) => ({
      command: program.path,
      args: serverFlags(place),
      env: programEnvironment(program),
      uid,
    }),
    ready: (place) => ready(place, password),
    initialise: (place) => createDatabases(place, password, databases),
  })
  return Object.assign(service, { user, password, socketFolder })
}
