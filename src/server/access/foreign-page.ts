import type { FastifyRequest } from 'fastify'
import { type Failure, refused } from '../http/responses.ts'
import type { Hosts } from './host.ts'

/**
 * Refuses what a foreign web page makes a person's browser send. A browser says so itself: in `Sec-Fetch-Site` where the
 * connection is safe, and in `Origin` of everything but a plain GET. Tools such as curl send neither.
 *
 * `protects`: whether a page of the server's name must be the server's own, since its name is bound to be right.
 */
export const foreignPage = (
  request: FastifyRequest,
  hosts: Hosts,
  protects: boolean,
): Failure | undefined => {
  const foreign = isOfForeignSite(request) || isOfForeignOrigin(request, hosts, protects)
  return foreign ? refused(403, 'requests from other web pages are refused') : undefined
}

/** Another port of this host counts as the same site: it is another program. A link may lead to the page. */
const isOfForeignSite = ({ headers, method, url }: FastifyRequest): boolean => {
  const site = headers['sec-fetch-site']
  if (site === undefined || site === 'same-origin' || site === 'none') return false
  const isLink = headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] !== 'iframe'
  return !(method === 'GET' && isLink && /^\/(\?|$)/.test(url))
}

const isOfForeignOrigin = (
  { headers: { origin, host } }: FastifyRequest,
  hosts: Hosts,
  protects: boolean,
): boolean => {
  if (origin === undefined) return false
  const page = URL.parse(origin)
  if (page === null || page.host !== host?.toLowerCase()) return true
  return !protects && !hosts.isOwn(page.hostname.replace(/^\[|\]$/g, ''))
}
