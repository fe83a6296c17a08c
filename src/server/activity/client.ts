import { isIP } from 'node:net'
import type { FastifyRequest } from 'fastify'
import { printable, redact } from '../../base/redact.ts'
import type { Namespace } from '../../recipes/core/namespace.ts'
import { Interned } from './interned.ts'
import type { Waiter } from './protocol.ts'

/** The most characters that are kept of a User-Agent. */
const MAX_AGENT_LENGTH = 60

/** There may be very many waiters, and most of their descriptions are equal. */
const clients = new Interned<Waiter>((text) => JSON.parse(text) as Waiter)

/**
 * Describes the sender of a request as far as it is known: the address that the request came from, and what the request
 * says about its sender. `name` is the value of `?by=`.
 */
export const clientOf = ({ socket, headers }: FastifyRequest, name?: string): Waiter => {
  const client = socket.remoteAddress
  const forwardedFor = forwardedIn(headers['x-forwarded-for'])
  const agent = agentIn(headers['user-agent'])
  return clients.of(JSON.stringify({ name, client, forwardedFor, agent }))
}

/** Returns a namespace in which this server acts for a client. */
export const actingFor = (namespace: Namespace, by: Waiter): Namespace => ({
  ...namespace,
  by: whoIs(by),
})

/** Names a client in one text: `deploy-job`, or else `curl/8.5.0 (10.0.0.7)`. */
const whoIs = ({ name, client, forwardedFor, agent }: Waiter): string => {
  const address = forwardedFor ?? client
  return name ?? (agent && address ? `${agent} (${address})` : (address ?? agent ?? 'unknown'))
}

/**
 * Returns the client address that the nearest proxy saw. A proxy appends to the header, and any client may have written
 * the part before.
 */
export const forwardedIn = (header: string | string[] | undefined): string | undefined => {
  const last = [header].flat().at(-1)?.split(',').at(-1)?.trim()
  return last !== undefined && isIP(last) > 0 ? last : undefined
}

const agentIn = (header = ''): string | undefined =>
  printable(redact(header)).slice(0, MAX_AGENT_LENGTH) || undefined
