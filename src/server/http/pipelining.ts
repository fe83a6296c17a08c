import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'

/** So many requests of one connection may wait for the one before them. */
const MAX_PIPELINED = 16

interface Line {
  last: ServerResponse
  waiting: number
}

/**
 * Carries out the requests of one connection one after the other, though a client sends the next one before it has an
 * answer (pipelining). Else one packet could ask for the same large answer a thousand times, which would all be in memory
 * until the first was read; and Node tells only the first of them when the client has gone.
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
