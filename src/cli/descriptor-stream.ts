import { write, writeSync } from 'node:fs'
import type { Writable } from 'node:stream'

type Done = (error?: Error | null) => void

type Leave = (chunk: Buffer, done: Done) => void

/**
 * A standard stream for output as the standalone executable needs it. bun's own ones say that something is written that is
 * not, and throw where a reader has gone instead of saying so. What is written to stdout leaves in another thread, so that
 * a slow reader holds nothing up; to stderr it leaves at once, since the next thing may be the end of the process.
 */
export const descriptorStream = (descriptor: number): Writable => {
  // Under Node it is not loaded: that would take as long as what this file's users avoid.
  const streams = process.getBuiltinModule('node:stream')
  const leave = descriptor === 1 ? inAThread(descriptor) : atOnce(descriptor)
  return new streams.Writable({
    decodeStrings: true,
    write: (chunk, _, done) => leave(chunk, done),
    writev: (pieces, done) => leave(Buffer.concat(pieces.map(({ chunk }) => chunk)), done),
  })
}

const inAThread = (descriptor: number): Leave => {
  const leave: Leave = (rest, done) =>
    write(descriptor, rest, (error, count) => {
      if (isFull(error)) setTimeout(() => leave(rest, done), PAUSE)
      else if (error || count === rest.length) done(error)
      else leave(rest.subarray(count), done)
    })
  return leave
}

const atOnce =
  (descriptor: number): Leave =>
  (chunk, done) => {
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
