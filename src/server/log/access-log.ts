import type { FastifyInstance } from 'fastify'
import { forwardedIn } from '../activity/client.ts'
import type { Log } from './logger.ts'

/** Logs a line for each request, when it has been answered or its client has gone. */
export const logAccess = (app: FastifyInstance, log: Log): void => {
  app.addHook('onRequest', async (request, { raw }) => {
    const { method, socket, headers } = request
    const client = socket.remoteAddress
    const forwardedFor = forwardedIn(headers['x-forwarded-for'])
    const url = loggedUrl(request.url, request.routeOptions.config.parameters)
    const begun = performance.now()
    raw.once('close', () => {
      const milliseconds = Math.round(performance.now() - begun)
      const status = raw.headersSent ? raw.statusCode : undefined
      const who = { client, ...(forwardedFor !== undefined && { forwardedFor }) }
      log.info('request', { ...who, method, url, status, milliseconds })
    })
  })
}

/** A user and a password before the host, also if they are percent-encoded. */
const USER_INFO = /(:(?:\/|%2f){2})(?:(?!\/|%2f).)*(?:@|%40)/gi

/** The value of an unknown parameter is not logged, because it may be a secret. */
const loggedUrl = (url: string, known: readonly string[] = []): string => {
  const [path = '', query] = url.split(/\?(.*)/s)
  const parts = query?.split('&').map((part) => {
    const [name = ''] = part.split('=')
    return name === part || known.includes(name) ? part : `${name}=***`
  })
  return [path, ...(parts ? [parts.join('&')] : [])].join('?').replace(USER_INFO, '$1***@')
}
