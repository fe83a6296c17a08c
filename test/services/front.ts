import { once } from 'node:events'
import {
  createServer,
  request as forward,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http'
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net'
import { startFrames } from './frames.ts'
import { Loss } from './loss.ts'

/** An answer by the load balancer itself. */
interface OwnAnswer {
  readonly status: number
  /** Whether the server behind it has received and executed the request before. */
  readonly carriedOut: boolean
}

/**
 * An HTTP load balancer in front of a server. It answers some requests itself, with an HTML page as load balancers do.
 */
export interface Front {
  url(scheme: string): string
  /** From now on, it answers requests with a matching path itself. `undefined` ends this. */
  answer(paths: RegExp, own: OwnAnswer | undefined): void
  /** The request that is lost together with its connection; it may be one of gRPC. */
  readonly loss: Loss
  stop(): Promise<void>
}

const PAGE = '<html>\n<head><title>Oops</title></head>\n<body>\nOops\n</body>\n</html>\n'

/** The beginning of a connection over HTTP/2. */
const PREFACE = 'PRI *'

export const startFront = async (target: { host: string; port: number }): Promise<Front> => {
  let rule: { readonly paths: RegExp; readonly own: OwnAnswer } | undefined
  const loss = new Loss()

  const answerItself = (response: ServerResponse, { status }: OwnAnswer): void => {
    response.writeHead(status, { 'content-type': 'text/html' }).end(PAGE)
  }

  const pass = (incoming: IncomingMessage, response: ServerResponse): void => {
    const { method, url: path = '', headers } = incoming
    const own = rule?.paths.test(path) ? rule.own : undefined
    if (own && !own.carriedOut) {
      answerItself(response, own)
      return
    }
    const lost = own ? undefined : loss.of(`${method} ${path}`)
    if (lost === 'request') {
      response.destroy()
      return
    }
    const outgoing = forward({ ...target, method, path, headers }, (answer) => {
      if (lost) {
        response.destroy()
      } else if (own) {
        answer.resume().once('end', () => answerItself(response, own))
      } else {
        response.writeHead(answer.statusCode ?? 502, answer.headers)
        answer.pipe(response)
      }
    })
    outgoing.on('error', () => response.destroy())
    response.on('close', () => outgoing.destroy())
    incoming.pipe(outgoing)
  }

  const plain = createServer(pass)
  const frames = startFrames(target, loss)
  const sockets = new Set<Socket>()
  const server = createTcpServer((socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket)).on('error', () => {})
    socket.once('data', (bytes) => {
      socket.pause()
      socket.unshift(bytes)
      if (bytes.toString('latin1').startsWith(PREFACE)) {
        // The HTTP/2 server reads the bytes that are in the buffer by itself.
        frames.emit('connection', socket)
      } else {
        plain.emit('connection', socket)
        socket.resume()
      }
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: (scheme) => `${scheme}://127.0.0.1:${port}`,
    answer(paths, own) {
      rule = own && { paths, own }
    },
    loss,
    async stop() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
