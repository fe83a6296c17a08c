import { type Framing, UnreadableResponse } from './head.ts'

/** Extracts the content of a body that arrives in pieces. */
export interface BodyReader {
  /** Whether the body is complete. */
  readonly ended: boolean
  /**
   * @returns the content in this chunk
   * @throws UnreadableResponse if the body is malformed
   */
  push(chunk: Buffer): Buffer
  /** Whether the end of the connection also ends the body. */
  readonly endsByClose: boolean
}

export const bodyReader = (framing: Framing): BodyReader =>
  framing === 'chunked' ? new ChunkedBody() : new PlainBody(framing)

class PlainBody implements BodyReader {
  readonly endsByClose: boolean
  #left: number

  constructor(framing: number | 'close') {
    this.endsByClose = framing === 'close'
    this.#left = framing === 'close' ? Number.POSITIVE_INFINITY : framing
  }

  get ended(): boolean {
    return this.#left === 0
  }

  push(chunk: Buffer): Buffer {
    const content = chunk.subarray(0, this.#left)
    this.#left -= content.length
    return content
  }
}

/** The number of characters that are kept of a line of the framing. A chunk's size fits into it. */
const keptOfLine = 20

class ChunkedBody implements BodyReader {
  readonly endsByClose = false
  ended = false
  /** The part that comes next. A number is the count of bytes that are left of a chunk. */
  #next: 'size' | 'end of chunk' | 'trailer' | number = 'size'
  #line = ''

  push(chunk: Buffer): Buffer {
    const contents: Buffer[] = []
    for (let at = 0; at < chunk.length && !this.ended; ) {
      if (typeof this.#next === 'number') {
        const content = chunk.subarray(at, at + this.#next)
        contents.push(content)
        at += content.length
        this.#next = this.#next > content.length ? this.#next - content.length : 'end of chunk'
      } else at = this.#readLine(chunk, at)
    }
    return Buffer.concat(contents)
  }

  #readLine(chunk: Buffer, at: number): number {
    const end = chunk.indexOf('\n', at)
    const stop = end === -1 ? chunk.length : end
    this.#line = (this.#line + chunk.toString('latin1', at, stop)).slice(0, keptOfLine)
    if (end !== -1) {
      this.#lineEnded(this.#line.replace(/\r$/, ''))
      this.#line = ''
    }
    return stop + 1
  }

  #lineEnded(line: string): void {
    if (this.#next === 'size') this.#next = sizeOf(line) || 'trailer'
    else if (this.#next === 'trailer') this.ended = line === ''
    else if (line !== '') throw malformed()
    else this.#next = 'size'
  }
}

const sizeOf = (line: string): number => {
  const [digits] = /^[\da-f]{1,16}(?![\da-f])/i.exec(line) ?? []
  if (digits === undefined) throw malformed()
  return Number.parseInt(digits, 16)
}

const malformed = (): UnreadableResponse => new UnreadableResponse('the chunked body is malformed')
