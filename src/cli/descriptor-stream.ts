import { write, writeSync } from 'node:fs'
import { Writable } from 'node:stream'

type Done = (error?: Error | null) => void

interface Piece {
  readonly chunk: Buffer
}

/**
 * A standard stream for output as the standalone executable needs it. bun's own ones say that something is written that is
 * not, and throw where a reader has gone instead of saying so. What is written to stdout leaves in another thread, so that
 * a slow reader holds nothing up; to stderr it leaves at once, since the next thing may be the end of the process.
 */
export class DescriptorStream extends Writable {
  readonly #descriptor: number

  constructor(descriptor: number) {
    super({ decodeStrings: true })
    this.#descriptor = descriptor
  }

  override _write(chunk: Buffer, _encoding: string, done: Done): void {
    if (this.#descriptor === 1) this.#leave(chunk, done)
    else this.#leaveAtOnce(chunk, done)
  }

  override _writev(pieces: Piece[], done: Done): void {
    this._write(Buffer.concat(pieces.map(({ chunk }) => chunk)), '', done)
  }

  #leave(rest: Buffer, done: Done): void {
    write(this.#descriptor, rest, (error, count) => {
      if (isFull(error)) setTimeout(() => this.#leave(rest, done), PAUSE)
      else if (error || count === rest.length) done(error)
      else this.#leave(rest.subarray(count), done)
    })
  }

  #leaveAtOnce(chunk: Buffer, done: Done): void {
    try {
      for (let rest = chunk; rest.length > 0; )
        rest = rest.subarray(writeSync(this.#descriptor, rest))
      done()
    } catch (error) {
      done(error as Error)
    }
  }
}

/** How long (milliseconds) a full pipe is left alone: one that somebody else has made non-blocking says no more of itself. */
const PAUSE = 5

const isFull = (error: NodeJS.ErrnoException | null): boolean => error?.code === 'EAGAIN'
