import type { FastifyInstance } from 'fastify'
import Type from 'typebox'
import type { ServerContext } from '../context.ts'
import { openapi, type RouteDescription } from './support/openapi.ts'

const METRICS: RouteDescription = {
  tag: 'server',
  scope: 'admin',
  summary: 'Metrics for Prometheus.',
  produces: ['text/plain'],
  answers: { 200: Type.String({ description: 'Metrics in the text format of Prometheus.' }) },
}

/**
 * `GET /_metrics` returns the metrics for Prometheus. Every response except streams is counted, by the pattern of its
 * route.
 */
export const metricsRoute = (app: FastifyInstance, { metrics }: ServerContext): void => {
  // Responses are counted when their status is known. A listener for the end of the response would cost memory for each
  // waiter.
  app.addHook('onSend', async ({ method, routeOptions }, { statusCode }) => {
    metrics.answered(method, routeOptions.url ?? 'none', statusCode)
  })
  app.get('/_metrics', openapi(METRICS), async (_, reply) => {
    reply.header('content-type', metrics.contentType)
    return metrics.read()
  })
}
