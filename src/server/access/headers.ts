import type { FastifyRequest } from 'fastify'
import { type Failure, refused } from '../http/responses.ts'

/** If one of these headers occurs twice, Node takes the first, but a proxy in front may have checked the last. */
const ONCE = ['host', 'authorization', 'origin'] as const

/** Refuses headers that could be read in two ways. */
export const ambiguousHeaders = ({ raw }: FastifyRequest): Failure | undefined => {
  const names = raw.rawHeaders.filter((_, at) => at % 2 === 0).map((name) => name.toLowerCase())
  const twice = ONCE.find((name) => names.indexOf(name) !== names.lastIndexOf(name))
  if (twice) return refused(400, `the header ${twice} is given twice: send it once`)
  const needsHost = raw.httpVersion !== '1.0' && raw.headers.host === undefined
  return needsHost ? refused(400, 'the header Host is missing: name the server in it') : undefined
}

/** Returns the bearer token of a request. */
export const bearerOf = ({ headers }: FastifyRequest): string | undefined =>
  /^Bearer +(\S+) *$/i.exec(headers.authorization ?? '')?.[1]
