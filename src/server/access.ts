import { createHash, timingSafeEqual } from 'node:crypto'
import { isIP } from 'node:net'
import type { FastifyRequest } from 'fastify'
import { type Failure, refused } from './answers.ts'

/** Whether a request carries the token; always, if there is none. Takes the same time for every wrong one. */
export const tokenCheck = (token: string | undefined): ((request: FastifyRequest) => boolean) => {
  if (token === undefined) return () => true
  const expected = digest(token)
  return ({ headers }) => {
    const given = /^Bearer +(\S+) *$/i.exec(headers.authorization ?? '')?.[1]
    return given !== undefined && timingSafeEqual(digest(given), expected)
  }
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()

export const unauthorized = (): Failure =>
  refused(401, 'a token is needed: send it as "Authorization: Bearer TOKEN"')

/**
 * Refuses what a foreign web page makes a person's browser send: requests of another site, and writes whose page came
 * from a name that its owner may have pointed at this machine (DNS rebinding). Tools such as curl send no Origin.
 */
export const foreignPage = ({ headers, method, url }: FastifyRequest): Failure | undefined => {
  const crossSite = headers['sec-fetch-site'] === 'cross-site' && url !== '/'
  const origin = method === 'GET' ? undefined : headers.origin
  const foreign = origin !== undefined && !isOwnOrigin(origin, headers.host)
  return crossSite || foreign ? refused(403, 'requests of other web pages are refused') : undefined
}

const isOwnOrigin = (origin: string, host: string | undefined): boolean => {
  const page = URL.parse(origin)
  return page !== null && page.host === host?.toLowerCase() && isPrivateName(page.hostname)
}

/** An address, or a name without a dot: nobody can register those. */
const isPrivateName = (name: string): boolean =>
  name.startsWith('[') || isIP(name) !== 0 || !name.includes('.')
