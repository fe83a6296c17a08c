import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { refused } from '../http/responses.ts'
import { pageFile } from './support/page-files.ts'

/**
 * The page may use its own files and this server, and nothing else. Scripts and styles within the HTML, and frames
 * around the page, are not allowed.
 */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data: blob:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

const HEADERS = {
  'content-security-policy': POLICY,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
} as const

/** The name of every file except index.html contains a hash of its content. */
const FOR_EVER = 'public, max-age=31536000, immutable'

/** `GET /_page/…` returns the files of the live page. */
export const pageRoute = (app: FastifyInstance): void => {
  app.get<{ Params: { name: string } }>(
    '/_page/:name',
    { config: { scope: 'public' } },
    (request, reply) => sendFile(request.params.name, FOR_EVER, request, reply),
  )
}

/** Sends the page itself to a browser. */
export const sendPage = (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> =>
  sendFile('index.html', 'no-cache', request, reply)

/** Whether a browser requests `/`. A browser says that it accepts HTML, `curl` says that it accepts anything. */
export const wantsPage = ({ method, url, headers }: FastifyRequest): boolean =>
  (method === 'GET' || method === 'HEAD') &&
  /^\/(\?|$)/.test(url) &&
  /\btext\/html\b/i.test(headers.accept ?? '')

const sendFile = async (
  name: string,
  caching: string,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> => {
  const file = await pageFile(name)
  if (!file) return reply.code(404).send(refused(404, 'the page has no such file').body)
  reply.headers(HEADERS).header('cache-control', caching).header('etag', file.etag)
  if (request.headers['if-none-match'] === file.etag) return reply.code(304).send()
  return reply.type(file.type).send(file.body)
}
