import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyReply } from 'fastify'
import { withDeadline } from '../../recipes/core/deadline.ts'
import { connectionOf, readConnections } from './connection-table.ts'

/** The type of streams of JSON objects, one a line. */
export const LINES = 'application/x-ndjson'

/** Begins an answer without a length; its headers go out at once. */
export const beginStream = (reply: FastifyReply, contentType: string): ServerResponse => {
  reply.hijack()
  const { raw } = reply
  raw.writeHead(200, {
    ...(reply.getHeaders() as Record<string, string>),
    connection: 'close',
    'content-type': contentType,
    // proxies must hand on each line as it comes
    'x-accel-buffering': 'no',
  })
  raw.flushHeaders()
  return raw
}

/** Answers HEAD with the headers of a stream that nobody wants to read: true where it was asked for them only. */
export const onlyHead = (reply: FastifyReply, contentType: string): boolean => {
  if (reply.request.method !== 'HEAD') return false
  beginStream(reply, contentType).end()
  return true
}

/**
 * Writes, and resolves when more may be written. Who reads nothing is let go by SlowReaders, as all clients are.
 * @throws the signal's reason.
 */
export const writeWithBackpressure = async (
  response: ServerResponse,
  bytes: string | Uint8Array,
  signal: AbortSignal,
): Promise<void> => {
  signal.throwIfAborted()
  if (!response.write(bytes)) await once(response, 'drain', { signal })
}

/** Ends an answer so that its client knows that it did not end well: `curl` exits with 18. */
export const breakOff = (response: ServerResponse, last = ''): void => {
  if (response.destroyed || last === '') response.destroy()
  // bun calls back before it has handed anything to the kernel, which it does at the end of the turn
  else response.write(last, () => setImmediate(() => response.destroy()))
}

/** How often (milliseconds) the kernel is asked: it does not tell by itself. */
const CHECK_INTERVAL = 20

/** A client whose system confirms nothing for so long (milliseconds) has vanished. */
const MAX_SILENCE = 30_000

/** Resolves when the client's system has confirmed all that was written, where that can be known. */
export const confirmed = async (response: ServerResponse, signal: AbortSignal): Promise<void> => {
  const name = connectionOf(response.socket) ?? ''
  const isConfirmed = async () => {
    if (response.writableLength > 0) return false
    const connections = await readConnections()
    // Of one that is being closed it will soon be told.
    const { established = false, confirmed = false } = connections.get(name) ?? {}
    return connections.size === 0 || (established && confirmed)
  }
  await withDeadline({ timeout: MAX_SILENCE, signal }, async (limit) => {
    while (!(await isConfirmed())) await sleep(CHECK_INTERVAL, undefined, { signal: limit })
    limit.throwIfAborted()
  })
}
