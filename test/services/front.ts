import { once } from 'node:events'
import {
  createServer,
  request as forward,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http'
import type { AddressInfo } from 'node:net'

/** A load balancer's own answer. */
interface OwnAnswer {
  readonly status: number
  /** Whether the server behind it has got the request, and carried it out, before. */
  readonly carriedOut: boolean
}

/** An HTTP load balancer in front of a server, which answers some requests itself: with a page, as those do. */
export interface Front {
  url(scheme: string): string
  /** From now on it answers the requests whose path matches itself. `undefined`: none. */
  answer(paths: RegExp, own: OwnAnswer | undefined): void
  stop(): Promise<void>
}

const PAGE = '<html>\n<head><title>Oops</title></head>\n<body>\nOops\n</body>\n</html>\n'

export const startFront = async (target: { host: string; port: number }): Promise<Front> => {
  let rule: { readonly paths: RegExp; readonly own: OwnAnswer } | undefined

  const answerItself = (response: ServerResponse, { status }: OwnAnswer): void => {
    response.writeHead(status, { 'content-type': 'text/html' }).end(PAGE)
  }

  const pass = (incoming: IncomingMessage, response: ServerResponse): void => {
    const own = rule?.paths.test(incoming.url ?? '') ? rule.own : undefined
    if (own && !own.carriedOut) {
      answerItself(response, own)
      return
    }
    const { method, url: path, headers } = incoming
    const outgoing = forward({ ...target, method, path, headers }, (answer) => {
      if (own) {
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

  const server = createServer(pass).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: (scheme) => `${scheme}://127.0.0.1:${port}`,
    answer(paths, own) {
      rule = own && { paths, own }
    },
    async stop() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
