import type { FastifyRequest } from 'fastify'
import type { Space } from '../../recipes/space.ts'
import { Interned } from './interned.ts'
import type { Waiter } from './protocol.ts'

const clients = new Interned<Waiter>((client) => ({ client }))

/** A space that is used for a request: what it holds there is its client's, and its waits are known already. */
export const onBehalfOf = (request: FastifyRequest, space: Space): Space => ({
  ...space,
  client: clientOf(request).client ?? 'unknown client',
})

/** Who sent a request, as far as that is known. */
export const clientOf = ({ socket }: FastifyRequest): Waiter =>
  socket.remoteAddress === undefined ? {} : clients.of(socket.remoteAddress)
