import type { Socket } from 'node:net'
import type { Client, ClientConfig } from 'pg'
import { isAbsence } from './absence.ts'
import { checkAsked, type Method } from './authentication.ts'
import { Hindrance, type Outcome, stopped } from './outcome.ts'
import { cannotConnectNow, isServerError, postgresReason } from './reason.ts'
import { mismatchOf } from './session-attributes.ts'
import type { Session } from './wanted.ts'

/**
 * More iterations than any server has. Without a limit, a malicious server could keep this process computing forever.
 */
const maxScramIterations = 10_000_000

/** Opens a session over a connection, runs `SELECT 1` and ends the session. */
export const runSession = async (socket: Socket, session: Session): Promise<Outcome> => {
  const { default: pg } = await import('pg')
  const { settings, user, database, password } = session
  const requiresBinding = settings.of('channel_binding') === 'require'
  const options: ClientConfig & { scramMaxIterations: number } = {
    user,
    database,
    // pg looks elsewhere for an empty password, unless the password is a function.
    password: () => password,
    // TLS is already negotiated.
    ssl: false,
    sslnegotiation: 'postgres',
    stream: () => connected(socket),
    enableChannelBinding: requiresBinding && isEncrypted(socket),
    scramMaxIterations: maxScramIterations,
  }
  const client = new pg.Client(options)
  Object.assign(client, { getStartupConf: () => startupParameters(session) })
  return converse(client, socket, session)
}

/**
 * Adapts an open connection to pg, which expects to connect by itself. pg's parser throws on an unknown message in the
 * middle of an event. This adapter lets such an error break only the connection.
 */
const connected = (socket: Socket): Socket => {
  const on = socket.on.bind(socket)
  const safely = (listener: Listener) => (data: Buffer) => {
    try {
      listener(data)
    } catch (error) {
      socket.destroy(error as Error)
    }
  }
  return Object.assign(socket, {
    on: (event: string, listener: Listener) =>
      on(event, event === 'data' ? safely(listener) : listener),
    connect: () => void process.nextTick(() => socket.emit('connect')),
  })
}

type Listener = (data: Buffer) => void

const isEncrypted = (socket: Socket): boolean => 'encrypted' in socket

const startupParameters = ({ settings: { of }, user, database }: Session) => {
  const encoding = of('client_encoding')
  const wanted = {
    user,
    database,
    options: of('options'),
    application_name: of('application_name') || of('fallback_application_name') || 'rdv',
    datestyle: process.env.PGDATESTYLE,
    timezone: process.env.PGTZ,
    geqo: process.env.PGGEQO,
    client_encoding: encoding === 'auto' ? '' : encoding,
  }
  return Object.fromEntries(Object.entries(wanted).filter(([, value]) => value))
}

const converse = async (client: Client, socket: Socket, session: Session): Promise<Outcome> => {
  // This listener is never removed: an error that comes after the end must not become an uncaught exception.
  const failed = new Promise<never>((_, reject) => {
    client.on('error', reject)
    socket.once('close', () => reject(new Hindrance('connection closed', true)))
  })
  failed.catch(() => {})
  const login = watchLogin(client, socket, session)
  const reported = watchReports(client)
  try {
    await Promise.race([failed, login.broken, client.connect()])
    const mismatch = await Promise.race([failed, mismatchOf(session.wanted, client, reported)])
    if (mismatch === undefined) await Promise.race([failed, client.query('SELECT 1')])
    // The result is known now, so it does not matter how the session ends.
    await Promise.race([failed, client.end()]).catch(() => {})
    return mismatch === undefined
      ? { end: 'up' }
      : { end: 'next-host', reason: mismatch, absent: true }
  } catch (error) {
    return refused(error, session, login.passed())
  }
}

const refused = (error: unknown, session: Session, loggedIn: boolean): Outcome => {
  const reason = postgresReason(error, session)
  const absent = isAbsence(error)
  if (loggedIn || !isServerError(error)) return stopped(reason, absent)
  return { end: cannotConnectNow(error) ? 'next-host' : 'other-mode', reason, absent }
}

interface LoginWatch {
  /** Rejects if the login is broken off because of what the server asks for. */
  readonly broken: Promise<never>
  /** Whether the server has accepted the login. */
  readonly passed: () => boolean
}

const watchLogin = ({ connection }: Client, socket: Socket, session: Session): LoginWatch => {
  const { promise: broken, reject } = Promise.withResolvers<never>()
  broken.catch(() => {})
  let method: Method = 'none'
  let bound = false
  let passed = false
  const check = () => {
    try {
      checkAsked(session, { method, bound })
    } catch (error) {
      reject(error)
      socket.destroy()
    }
  }
  const asks = (event: string, kind: Method) =>
    connection.once(event, ({ mechanisms = [] }: { mechanisms?: readonly string[] }) => {
      method = kind
      bound = isEncrypted(socket) && mechanisms.includes('SCRAM-SHA-256-PLUS')
      check()
    })
  asks('authenticationCleartextPassword', 'password')
  asks('authenticationMD5Password', 'md5')
  asks('authenticationSASL', 'scram-sha-256')
  connection.once('authenticationOk', () => {
    if (method === 'none') check()
    passed = true
  })
  return { broken, passed: () => passed }
}

const watchReports = ({ connection }: Client): Map<string, string> => {
  const reported = new Map<string, string>()
  const note = (message: { parameterName: string; parameterValue: string }) =>
    reported.set(message.parameterName, message.parameterValue)
  connection.on('parameterStatus', note)
  return reported
}
