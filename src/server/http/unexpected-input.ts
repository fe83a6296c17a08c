import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { UsageError } from '../../base/errors.ts'
import { wantsPage } from '../routes/page.ts'
import { readParameters } from '../routes/support/parameters.ts'
import { parseRequestTarget } from './request-target.ts'

/**
 * Refuses what a request says where nobody reads it: a body, or parameters where there are none. It would be lost without
 * a word. An empty body is none.
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

/** Of one whose length is not told the framework reads the body, but not for these methods. */
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
