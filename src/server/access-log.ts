import type { FastifyInstance } from 'fastify'
import type { Log } from './log.ts'

/** A line for each request, when it has been answered, or its client has gone. */
export const logAccess = (app: FastifyInstance, log: Log): void => {
  app.addHook('onRequest', async ({ method, url, socket }, { raw }) => {
    const client = socket.remoteAddress
    const begun = performance.now()
    raw.once('close', () => {
      const milliseconds = Math.round(performance.now() - begun)
      const status = raw.headersSent ? raw.statusCode : undefined
      log.info('request', { client, method, url, status, milliseconds })
    })
  })
}
