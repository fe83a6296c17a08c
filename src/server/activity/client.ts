import type { FastifyRequest } from 'fastify'
import { Interned } from './interned.ts'
import type { Waiter } from './protocol.ts'

const clients = new Interned<Waiter>((client) => ({ client }))

/** Who sent a request, as far as that is known. */
export const clientOf = ({ socket }: FastifyRequest): Waiter =>
  socket.remoteAddress === undefined ? {} : clients.of(socket.remoteAddress)
