import type { FastifyInstance, FastifyRequest } from 'fastify'
import { UnavailableError } from '../../base/errors.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Its answer has no length, so only its end tells whether it is whole; or the loss of what it gives is told by such an answer. */
    streams?: boolean | undefined
  }
}

/** Not retryable: the same request will be refused again until somebody changes the proxy. */
class OldHttpError extends UnavailableError {
  readonly statusCode = 426

  constructor() {
    super(
      'streams are not served over HTTP/1.0, where a lost stream looks complete: use HTTP/1.1; in nginx set "proxy_http_version 1.1;"',
      { retryable: false },
    )
  }
}

/**
 * Refuses what is held or followed by HTTP/1.0, before anything is queued for or held. An answer without a length ends with its connection
 * there: a lock that was lost, or a server that died, would look like a stream that is complete.
 */
export const refuseOldHttp = (app: FastifyInstance): void => {
  app.addHook('onRequest', async (request, reply) => {
    if (!request.routeOptions.config.streams || !isOld(request)) return
    reply.headers({ upgrade: 'HTTP/1.1', connection: 'upgrade, close' })
    throw new OldHttpError()
  })
}

/** Each proxy says in `Via` which version it was asked by: what it hands on to such a client has no end either. */
const isOld = ({ raw }: FastifyRequest): boolean =>
  raw.httpVersion === '1.0' || /(^|,)\s*(HTTP\/)?1\.0\s/i.test(raw.headers.via ?? '')
