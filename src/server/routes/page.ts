import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { refused } from '../http/responses.ts'
import { pageFile } from './support/page-files.ts'

/** The page's own files and this server, and nothing else; no script or style within the HTML, no frame around it. */
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

/** The names of files other than the first have a hash of what is in them. */
const FOR_EVER = 'public, max-age=31536000, immutable'

/** `GET /_page/…`: what the live page is made of. */
export const pageRoute = (app: FastifyInstance): void => {
  app.get<{ Params: { name: string } }>(
    '/_page/:name',
    { config: { scope: 'public' } },
    (request, reply) => sendFile(request.params.name, FOR_EVER, request, reply),
  )
}

/** The page itself, for a browser. */
export const sendPage = (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> =>
  sendFile('index.html', 'no-cache', request, reply)

/** Whether it is a browser that asks for `/`: it says that it takes HTML, `curl` says that it takes anything. */
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
