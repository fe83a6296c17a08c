import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'

/** The most requests of one connection that may wait for the request before them. */
const MAX_PIPELINED = 16

interface Line {
  last: ServerResponse
  waiting: number
}

/**
 * Handles the requests of one connection one after the other, even if the client sends the next request before it has a
 * response (pipelining). Otherwise one packet could ask for the same large response a thousand times, and all the
 * responses would be in memory until the client read the first. Also, Node reports only to the first of these requests
 * that the client has gone.
 */
export const oneAfterTheOther = (app: FastifyInstance): void => {
  const lines = new WeakMap<Socket, Line>()
  app.addHook('onRequest', async (request, reply) => {
    const { socket } = request.raw
    const line = lines.get(socket)
    const before = line?.last
    if (!line) lines.set(socket, { last: reply.raw, waiting: 0 })
    else line.last = reply.raw
    if (!line || !before || before.closed || before.writableFinished) return
    if (line.waiting >= MAX_PIPELINED) socket.destroy()
    line.waiting += 1
    await once(before, 'close')
    line.waiting -= 1
    if (socket.destroyed) reply.hijack()
  })
}
