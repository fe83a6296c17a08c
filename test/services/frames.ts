import {
  connect,
  createServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2'
import type { Loss } from './loss.ts'

/** A copy of the headers, for the next connection. */
const carried = (headers: IncomingHttpHeaders): OutgoingHttpHeaders => ({ ...headers })

/**
 * Forwards HTTP/2, as gRPC uses it, with one connection to the target for each client's connection. The server takes
 * connections, but does not listen.
 */
export const startFrames = (
  { host, port }: { host: string; port: number },
  loss: Loss,
): Http2Server => {
  const server = createServer()
  server.on('session', (session) => {
    const upstream = connect(`http://${host}:${port}`)
    const cut = () => {
      upstream.destroy()
      session.destroy()
    }
    upstream.on('error', cut)
    session.on('error', cut).once('close', cut)
    session.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
      const lost = loss.of(`${headers[':method']} ${headers[':path']}`)
      if (lost === 'request') return cut()
      const request = upstream.request(carried(headers), { endStream: false })
      request.on('error', () => stream.close())
      stream.on('error', () => request.close())
      stream.pipe(request)
      request.once('response', (answer) => {
        if (lost) return cut()
        stream.respond(carried(answer), { waitForTrailers: true })
        request.pipe(stream)
      })
      let trailers: OutgoingHttpHeaders = {}
      request.once('trailers', (last) => {
        trailers = carried(last)
      })
      stream.once('wantTrailers', () => stream.sendTrailers(trailers))
      stream.once('close', () => request.close())
      return undefined
    })
  })
  return server
}
