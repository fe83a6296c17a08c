import { isIP } from 'node:net'
import type { FastifyRequest } from 'fastify'
import { printable, redact } from '../../base/redact.ts'
import type { Namespace } from '../../recipes/core/namespace.ts'
import { Interned } from './interned.ts'
import type { Waiter } from './protocol.ts'

/** Of what a program calls itself so many characters are told. */
const MAX_AGENT_LENGTH = 60

/** Very many wait, and most of them are alike. */
const clients = new Interned<Waiter>((text) => JSON.parse(text) as Waiter)

/**
 * Who sent a request, as far as that is known: the address that it came from, and what it says of itself. `name` is what
 * it gave as `?by=`.
 */
export const clientOf = ({ socket, headers }: FastifyRequest, name?: string): Waiter => {
  const client = socket.remoteAddress
  const forwardedFor = forwardedIn(headers['x-forwarded-for'])
  const agent = agentIn(headers['user-agent'])
  return clients.of(JSON.stringify({ name, client, forwardedFor, agent }))
}

/** A namespace in which this server acts for a client. */
export const actingFor = (namespace: Namespace, by: Waiter): Namespace => ({
  ...namespace,
  by: whoIs(by),
})

/** In one word: `deploy-job`, else `curl/8.5.0 (10.0.0.7)`. */
const whoIs = ({ name, client, forwardedFor, agent }: Waiter): string => {
  const address = forwardedFor ?? client
  return name ?? (agent && address ? `${agent} (${address})` : (address ?? agent ?? 'unknown'))
}

/** The address that the nearest proxy saw: it appends, and what stands before may be of anybody. */
export const forwardedIn = (header: string | string[] | undefined): string | undefined => {
  const last = [header].flat().at(-1)?.split(',').at(-1)?.trim()
  return last !== undefined && isIP(last) > 0 ? last : undefined
}

const agentIn = (header = ''): string | undefined =>
  printable(redact(header)).slice(0, MAX_AGENT_LENGTH) || undefined
