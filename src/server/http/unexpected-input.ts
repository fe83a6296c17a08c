import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { UsageError } from '../../base/errors.ts'
import { wantsPage } from '../routes/page.ts'
import { readParameters } from '../routes/support/parameters.ts'
import { parseRequestTarget } from './request-target.ts'

/**
 * Refuses the parts of a request that no route reads: a body, or parameters on a route that has none. Otherwise they
 * would be lost silently. An empty body is accepted.
 */
export const refuseUnexpectedInput = (app: FastifyInstance): void => {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (request, body, done) => {
    done(body.length === 0 || request.is404 ? null : unwantedBody(request))
  })
  app.addHook('preParsing', async (request) => {
    const { parameters } = request.routeOptions.config
    if (parameters?.length === 0 && !wantsPage(request)) {
      readParameters(parseRequestTarget(request.url).query, {})
    }
    if (!takesBody(request) && (await hasBody(request.raw))) throw unwantedBody(request)
  })
}

const takesBody = ({ routeOptions: { schema }, is404 }: FastifyRequest): boolean =>
  schema?.body !== undefined || is404

/**
 * Returns whether the request has a body. The framework reads a body whose length is not given, except for GET and
 * HEAD.
 */
const hasBody = async (request: IncomingMessage): Promise<boolean> => {
  const { 'transfer-encoding': encoding, 'content-length': length = '0' } = request.headers
  if (encoding === undefined) return Number(length) > 0
  if (request.method !== 'GET' && request.method !== 'HEAD') return false
  return Promise.race([
    once(request, 'data').then(() => true),
    once(request, 'end').then(() => false),
  ])
}

const unwantedBody = ({ routeOptions }: FastifyRequest): UsageError => {
  const names = routeOptions.config.parameters ?? []
  const instead =
    names.length === 0 ? 'leave it out' : `write its content into the query (${names.join(', ')})`
  return new UsageError(`this request takes no body: ${instead}`)
}
