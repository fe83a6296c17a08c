import { write, writeSync } from 'node:fs'
import type { Writable } from 'node:stream'

type Done = (error?: Error | null) => void

/**
 * A standard stream for output as the standalone executable needs it. bun's own ones say that something is written that is
 * not, and throw where a reader has gone instead of saying so. What is written to stdout leaves in another thread, so that
 * a slow reader holds nothing up; to stderr it leaves at once, since the next thing may be the end of the process.
 */
export const openDescriptor = (descriptor: number): Writable => {
  const send = descriptor === 1 ? leave : leaveAtOnce
  // Loaded when something is written: many commands say nothing.
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

/** How long (milliseconds) a full pipe is left alone: one that somebody else has made non-blocking says no more of itself. */
const PAUSE = 5

const isFull = (error: NodeJS.ErrnoException | null): boolean => error?.code === 'EAGAIN'
