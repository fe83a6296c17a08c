import type { FastifyRequest } from 'fastify'
import type { Waiter } from './protocol.ts'

/** Who sent a request, as far as that is known. */
export const clientOf = ({ socket }: FastifyRequest): Waiter =>
  socket.remoteAddress === undefined ? {} : { client: socket.remoteAddress }
