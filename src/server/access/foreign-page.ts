import type { FastifyRequest } from 'fastify'
import { type Failure, refused } from '../http/responses.ts'
import type { Hosts } from './host.ts'

/**
 * Refuses requests that a foreign web page makes a user's browser send. A browser reports the page: in `Sec-Fetch-Site`
 * if the connection is secure, and in `Origin` of every request but a plain GET. Tools such as curl send neither
 * header.
 *
 * `protects`: tokens or TLS ensure that a page with the name in `Host` is the server's own page.
 */
export const foreignPage = (
  request: FastifyRequest,
  hosts: Hosts,
  protects: boolean,
): Failure | undefined => {
  const foreign = isOfForeignSite(request) || isOfForeignOrigin(request, hosts, protects)
  return foreign ? refused(403, 'requests from other web pages are refused') : undefined
}

/**
 * A page on another port of this host is foreign, because another program serves it. Browsers call it the same site. A
 * link on a foreign page may lead to the live page.
 */
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
