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

/** `GET /_metrics`: for Prometheus. Every answer of the server but streams is counted, by the pattern of its route. */
export const metricsRoute = (app: FastifyInstance, { metrics }: ServerContext): void => {
  // once it is known what is sent: a listener for when it has been sent would cost memory for each one who waits
  app.addHook('onSend', async ({ method, routeOptions }, { statusCode }) => {
    metrics.answered(method, routeOptions.url ?? 'none', statusCode)
  })
  app.get('/_metrics', openapi(METRICS), async (_, reply) => {
    reply.header('content-type', metrics.contentType)
    return metrics.read()
  })
}
