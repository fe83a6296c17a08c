import { createServer, type RequestListener, type Server, STATUS_CODES } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { Socket } from 'node:net'
import { describe, UnavailableError } from '../../base/errors.ts'
import type { ServerOptions } from '../options.ts'
import { type Failure, refused } from './responses.ts'
import { SlowReaders } from './slow-readers.ts'

const DEFAULT_CLIENT_TIMEOUT = 20_000

/**
 * The server may wait for a hundred thousand clients, and then still has room for requests that are answered at once.
 */
const DEFAULT_CONNECTIONS = 120_000

/** The most bytes that may wait in memory for clients that do not read. */
const MAX_UNREAD = 268_435_456

/**
 * Times are in milliseconds. None of them limits a request that has arrived completely, so a wait may take any time.
 */
const settingsOf = (clientTimeout: number) => ({
  headersTimeout: clientTimeout,
  requestTimeout: 3 * clientTimeout,
  connectionsCheckingInterval: Math.min(5_000, clientTimeout / 2),
  keepAliveTimeout: 65_000,
  // The kernel finds a client that has vanished without closing its connection.
  keepAlive: true,
  keepAliveInitialDelay: 30_000,
  maxHeaderSize: 16_384,
  // access/headers.ts refuses such a request with a message.
  requireHostHeader: false,
})

/** The most connections that may queue while the server is busy. */
const BACKLOG = 4_096

export const createHttpServer = (options: ServerOptions, handler: RequestListener): Server => {
  const clientTimeout = options.clientTimeout ?? DEFAULT_CLIENT_TIMEOUT
  const server = create(options, settingsOf(clientTimeout), handler)
  server.maxConnections = options.maxConnections ?? DEFAULT_CONNECTIONS
  server.on('checkExpectation', (_request, response) => {
    const { status, body } = refused(417, 'leave out the header Expect, or write 100-continue')
    const text = JSON.stringify(body)
    const headers = {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(text),
    }
    response.writeHead(status, { ...headers, connection: 'close' }).end(text)
  })
  new SlowReaders(server, { stall: clientTimeout, unread: MAX_UNREAD })
  return server
}

const create = (
  { tls }: ServerOptions,
  settings: ReturnType<typeof settingsOf>,
  handler: RequestListener,
): Server =>
  tls
    ? createTlsServer({ ...settings, ...tls, requestCert: tls.ca !== undefined }, handler)
    : createServer(settings, handler)

/**
 * Listens, and resolves to the port once connections are accepted.
 * @throws UnavailableError that names the address, if it is in use, not of this machine or not permitted.
 */
export const listen = (server: Server, host: string, port: number): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once('error', (cause) => reject(cannotListen(cause, host, port)))
    server.listen({ host, port, backlog: BACKLOG }, () => {
      const address = server.address()
      resolve(typeof address === 'object' && address ? address.port : port)
    })
  })

const SENTENCES: ReadonlyMap<string, string> = new Map([
  ['EADDRINUSE', 'is in use by another program: stop it, or choose another port'],
  ['EACCES', 'needs privileges: choose a port above 1023'],
  ['EADDRNOTAVAIL', 'is not an address of this machine'],
  ['ENOTFOUND', 'is not an address of this machine'],
])

const cannotListen = (
  cause: NodeJS.ErrnoException,
  host: string,
  port: number,
): UnavailableError => {
  const sentence = SENTENCES.get(cause.code ?? '') ?? `cannot be listened on: ${describe(cause)}`
  return new UnavailableError(`${host}:${port} ${sentence}`, { cause, retryable: false })
}

/**
 * Stops accepting connections, and resolves when every connection is closed. After `grace` milliseconds, the remaining
 * connections are closed by force.
 */
export const close = async (server: Server, grace: number): Promise<void> => {
  const force = setTimeout(() => server.closeAllConnections(), grace)
  await new Promise<void>((resolve) => {
    server.close(() => resolve())
    server.closeIdleConnections()
  })
  clearTimeout(force)
}

const METHODS = ['GET', 'HEAD', 'PUT', 'POST', 'DELETE']

/** Answers input that is not a complete HTTP request. */
export const answerMalformed = (error: NodeJS.ErrnoException, socket: Socket): void => {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy()
    return
  }
  const { status, body } = malformed(error.code)
  const text = JSON.stringify(body)
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Type: application/json\r\n` +
      (status === 405 ? `Allow: ${METHODS.join(', ')}\r\n` : '') +
      `Content-Length: ${Buffer.byteLength(text)}\r\nConnection: close\r\n\r\n${text}`,
  )
}

const malformed = (code: string | undefined): Failure => {
  switch (code) {
    case 'HPE_INVALID_METHOD':
      return refused(405, `unknown method: use one of ${METHODS.join(', ')}, in capital letters`)
    case 'HPE_HEADER_OVERFLOW':
      return refused(431, 'the headers are too large')
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return refused(408, 'the request did not arrive in time')
    default:
      return refused(400, 'not an HTTP request')
  }
}
