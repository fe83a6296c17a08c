import type { FastifyInstance, FastifyRequest } from 'fastify'
import { UnavailableError } from '../../base/errors.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /**
     * Set if the response has no length, so that only its end shows whether it is complete. Also set if the route
     * grants a lease, whose loss only such a response reports.
     */
    streams?: boolean | undefined
  }
}

/** Not retryable: the same request is refused again until the proxy is configured differently. */
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
 * Refuses streams and held ownerships over HTTP/1.0, before the request queues for or holds anything. In HTTP/1.0, a
 * response without a length ends with its connection. So a lost lock, or the death of the server, would look like a
 * complete stream.
 */
export const refuseOldHttp = (app: FastifyInstance): void => {
  app.addHook('onRequest', async (request, reply) => {
    if (!request.routeOptions.config.streams || !isOld(request)) return
    reply.headers({ upgrade: 'HTTP/1.1', connection: 'upgrade, close' })
    throw new OldHttpError()
  })
}

/**
 * Each proxy writes into `Via` the version of the request that it received. A stream that a proxy forwards to a client
 * with HTTP/1.0 has no marked end either.
 */
const isOld = ({ raw }: FastifyRequest): boolean =>
  raw.httpVersion === '1.0' || /(^|,)\s*(HTTP\/)?1\.0\s/i.test(raw.headers.via ?? '')
