import { write, writeSync } from 'node:fs'
import type { Writable } from 'node:stream'

type Done = (error?: Error | null) => void

/**
 * Opens a standard output stream for the standalone executable. bun's own streams report data as written that is not
 * written, and throw if there is no reader instead of emitting an error. Output to stdout is written by another thread,
 * so that a slow reader does not block the process. Output to stderr is written at once, because the process may end
 * next.
 */
export const openDescriptor = (descriptor: number): Writable => {
  const send = descriptor === 1 ? leave : leaveAtOnce
  // Loaded only when something is written, because many commands print nothing.
  const { Writable } = process.getBuiltinModule('node:stream')
  return new Writable({
    write: (chunk: Buffer, _, done) => send(descriptor, chunk, done),
    writev: (pieces, done) =>
      send(descriptor, Buffer.concat(pieces.map(({ chunk }) => chunk as Buffer)), done),
  })
}

const leave = (descriptor: number, rest: Buffer, done: Done): void => {
  write(descriptor, rest, (error, count) => {
    if (isFull(error)) setTimeout(() => leave(descriptor, rest, done), PAUSE)
    else if (error || count === rest.length) done(error)
    else leave(descriptor, rest.subarray(count), done)
  })
}

const leaveAtOnce = (descriptor: number, chunk: Buffer, done: Done): void => {
  try {
    for (let rest = chunk; rest.length > 0; ) rest = rest.subarray(writeSync(descriptor, rest))
    done()
  } catch (error) {
    done(error as Error)
  }
}

/**
 * Milliseconds until a write to a full pipe is tried again. Such a write fails only if another process has made the
 * pipe non-blocking. Nothing then reports that there is room again.
 */
const PAUSE = 5

const isFull = (error: NodeJS.ErrnoException | null): boolean => error?.code === 'EAGAIN'
