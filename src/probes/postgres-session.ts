import type { Socket } from 'node:net'
import type { Client } from 'pg'
import { describe, UsageError } from '../errors.ts'
import { codeOf } from '../reason.ts'
import { printable, redact } from '../redact.ts'
import { attempt, up } from './attempt.ts'
import { postgresReason } from './postgres-reason.ts'
import { postgresFinding } from './postgres-verdict.ts'
import type { Finding } from './probe.ts'

/** Opens a session at one address of the URL's host, runs `SELECT 1` and ends the session. */
export const selectOne = async (
  url: URL,
  address: string,
  signal: AbortSignal,
): Promise<Finding> => {
  const session = await prepare(url, address)
  return attempt(signal, () => run(session, signal))
}

interface Session {
  readonly client: Client
  readonly socket: Socket
}

const prepare = async (url: URL, address: string): Promise<Session> => {
  const [{ default: pg }, { Socket }] = await Promise.all([import('pg'), import('node:net')])
  const socket = bound(new Socket(), address)
  const options = { fallback_application_name: 'rdv', stream: () => socket }
  const connectionString = await completed(url)
  try {
    return { client: new pg.Client({ ...options, connectionString }), socket }
  } catch (error) {
    if (codeOf(error) === 'ENOENT') throw error
    const problem = printable(redact(describe(error)))
    throw new UsageError(`a parameter of the postgres:// URL is not usable: ${problem}`)
  }
}

/** A socket that goes to this address, whatever host it is told: TLS still verifies the host's name. */
const bound = (socket: Socket, address: string): Socket => {
  const connect = socket.connect.bind(socket)
  const toAddress = (to: number | string) =>
    typeof to === 'number' ? connect(to, address) : connect(to)
  return Object.assign(socket, { connect: toAddress })
}

const completed = async (given: URL): Promise<string> => {
  const url = new URL(given)
  const { searchParams } = url
  if (searchParams.has('sslmode') && !searchParams.has('uselibpqcompat')) {
    searchParams.set('uselibpqcompat', 'true')
  }
  if (url.username === '' && !searchParams.has('user') && !process.env.PGUSER) {
    searchParams.set('user', await systemUser())
  }
  return url.href
}

/** Who libpq would log in as. A container's user may have no name. */
const systemUser = async (): Promise<string> => {
  const { userInfo } = await import('node:os')
  try {
    return userInfo().username
  } catch {
    return ''
  }
}

const run = async (session: Session, signal: AbortSignal): Promise<Finding> => {
  const cut = () => destroy(session)
  signal.addEventListener('abort', cut, { once: true })
  try {
    signal.throwIfAborted()
    return await converse(session.client)
  } finally {
    signal.removeEventListener('abort', cut)
    cut()
  }
}

const converse = async (client: Client): Promise<Finding> => {
  const asked = passwordRequest(client)
  // Stays for good: an error that comes after the end must not become an uncaught exception.
  const failed = new Promise<never>((_, reject) => client.on('error', reject))
  try {
    await Promise.race([failed, client.connect()])
    await Promise.race([failed, client.query('SELECT 1')])
    await Promise.race([failed, client.end()])
    return up
  } catch (error) {
    return postgresFinding(error, postgresReason(error, client, asked()))
  }
}

/** Whether the server has asked for a password. */
const passwordRequest = ({ connection }: Client): (() => boolean) => {
  let asked = false
  for (const kind of ['CleartextPassword', 'MD5Password', 'SASL']) {
    connection.once(`authentication${kind}`, () => {
      asked = true
    })
  }
  return () => asked
}

/** Both, as TLS puts a stream of its own around the socket. */
const destroy = ({ client, socket }: Session): void => {
  client.connection.stream.destroy()
  socket.destroy()
}
