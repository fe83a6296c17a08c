import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyReply } from 'fastify'
import { withDeadline } from '../../recipes/core/deadline.ts'
import { connectionOf, readConnections } from './connection-table.ts'

/** The content type of streams of JSON objects, one per line. */
export const LINES = 'application/x-ndjson'

/** Begins a response without a length, and sends its headers at once. */
export const beginStream = (reply: FastifyReply, contentType: string): ServerResponse => {
  reply.hijack()
  const { raw } = reply
  raw.writeHead(200, {
    ...(reply.getHeaders() as Record<string, string>),
    connection: 'close',
    'content-type': contentType,
    // Proxies must forward each line when it arrives.
    'x-accel-buffering': 'no',
  })
  raw.flushHeaders()
  return raw
}

/** Answers a HEAD request with the headers of a stream. Returns whether the request was a HEAD request. */
export const onlyHead = (reply: FastifyReply, contentType: string): boolean => {
  if (reply.request.method !== 'HEAD') return false
  beginStream(reply, contentType).end()
  return true
}

/**
 * Writes, and resolves when more may be written. SlowReaders disconnects a client that reads nothing.
 * @throws the signal's reason, or an AbortError if the signal aborts while the client has to read.
 */
export const writeWithBackpressure = async (
  response: ServerResponse,
  bytes: string | Uint8Array,
  signal: AbortSignal,
): Promise<void> => {
  signal.throwIfAborted()
  if (!response.write(bytes)) await once(response, 'drain', { signal })
}

/** Ends a response in such a way that its client notices the failure: `curl` exits with 18. */
export const breakOff = (response: ServerResponse, last = ''): void => {
  if (response.destroyed || last === '') response.destroy()
  // bun calls back before it has passed the data to the kernel, which it does at the end of the turn.
  else response.write(last, () => setImmediate(() => response.destroy()))
}

/** Milliseconds between two reads of the kernel's table. The kernel does not notify of changes. */
const CHECK_INTERVAL = 20

/** A client has vanished if its system confirms nothing for this many milliseconds. */
const MAX_SILENCE = 30_000

/** Resolves when the client's system has confirmed everything that was written, if this machine can report that. */
export const confirmed = async (response: ServerResponse, signal: AbortSignal): Promise<void> => {
  const name = connectionOf(response.socket) ?? ''
  const isConfirmed = async () => {
    if (response.writableLength > 0) return false
    const connections = await readConnections()
    // If the connection is being closed, the signal will abort soon.
    const { established = false, confirmed = false } = connections.get(name) ?? {}
    return connections.size === 0 || (established && confirmed)
  }
  await withDeadline({ timeout: MAX_SILENCE, signal }, async (limit) => {
    while (!(await isConfirmed())) await sleep(CHECK_INTERVAL, undefined, { signal: limit })
    limit.throwIfAborted()
  })
}
