import type { FastifyInstance } from 'fastify'
import type { ServerContext } from '../context.ts'

/** `GET /_metrics`: for Prometheus. Every answer of the server is counted, by the pattern of its route. */
export const metricsRoute = (app: FastifyInstance, { metrics }: ServerContext): void => {
  app.addHook('onResponse', async ({ method, routeOptions }, { statusCode }) => {
    metrics.answered(method, routeOptions.url ?? 'none', statusCode)
  })
  app.get('/_metrics', async (_, reply) => {
    reply.header('content-type', metrics.contentType)
    return metrics.read()
  })
}
