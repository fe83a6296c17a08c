import { down, unknown, up } from '../attempt.ts'
import { type Expression, TooSlow } from '../expression.ts'
import type { ProbeResult } from '../probe.ts'
import { type BodyReader, bodyReader } from './body.ts'
import { type Head, HeadReader, UnreadableResponse } from './head.ts'

/** The most bytes of a body that are read. A match must lie within them. */
const bodyLimit = 1024 * 1024

/** The responses that count as up. */
export interface Expected {
  /** Inclusive ranges. */
  readonly status: readonly (readonly [from: number, to: number])[]
  readonly body?: Expression | undefined
}

/** Judges a response while it arrives. Each step returns the result, or `undefined` if it needs more bytes. */
export class HttpResponseCheck {
  readonly #expected: Expected
  readonly #soFar: (reason: string) => void
  readonly #head = new HeadReader()
  #status = 0
  #body: BodyReader | undefined
  #decoder = new TextDecoder()
  #text = ''
  #length = 0
  #begun = false

  /** When the body begins, `soFar` is called with the reason why the target is not up yet. */
  constructor(expected: Expected, soFar: (reason: string) => void = () => {}) {
    this.#expected = expected
    this.#soFar = soFar
  }

  /** Takes in received bytes. {@link search} searches a body that has not ended. */
  push(chunk: Buffer): ProbeResult | undefined {
    this.#begun = true
    try {
      if (this.#body) return this.#read(this.#body, chunk)
      const rest = this.#head.push(chunk)
      return rest && (this.#judge(this.#head.head) ?? this.push(rest))
    } catch (error) {
      return resultOf(error)
    }
  }

  /** Takes in the end of the connection, by a reset or by a proper close. */
  end(reset: boolean): ProbeResult {
    if (!this.#begun) return down('connection closed')
    const head = reset || this.#body ? undefined : this.#head.head
    const found = head && this.#judge(head)
    if (found) return found
    if (this.#body?.endsByClose && !reset) return this.#search(true) ?? this.#mismatch
    return this.#search(false) ?? unknown('connection closed within the answer')
  }

  /** Searches the received part of the body for the expression. */
  search(): ProbeResult | undefined {
    return this.#search(false)
  }

  get #mismatch(): ProbeResult {
    return down(`HTTP ${this.#status}, but the body does not match ${this.#expected.body?.text}`)
  }

  /** Returns a result if the head alone is enough for one. */
  #judge(head: Head | undefined): ProbeResult | undefined {
    if (!head) return undefined
    this.#status = head.status
    const { status: ranges, body } = this.#expected
    if (!ranges.some(([from, to]) => from <= head.status && head.status <= to))
      return down(`HTTP ${head.status}`)
    if (!body) return up
    if (head.coding !== undefined)
      throw new UnreadableResponse('the body has an unsupported transfer coding')
    this.#body = bodyReader(head.framing)
    this.#soFar(`HTTP ${head.status}, but the body did not match ${body.text}`)
    return undefined
  }

  #read(body: BodyReader, chunk: Buffer): ProbeResult | undefined {
    const content = body.push(chunk)
    const read = content.subarray(0, bodyLimit - this.#length)
    this.#length += read.length
    this.#text += this.#decoder.decode(read, { stream: true })
    const ended = body.ended && read.length === content.length
    if (!ended && this.#length < bodyLimit) return undefined
    return this.#search(ended) ?? this.#mismatch
  }

  #search(ended: boolean): ProbeResult | undefined {
    if (!this.#body) return undefined
    try {
      return this.#expected.body?.matches(this.#text, ended) ? up : undefined
    } catch (error) {
      return resultOf(error)
    }
  }
}

const resultOf = (error: unknown): ProbeResult => {
  if (error instanceof UnreadableResponse && error.alien) return down(error.message)
  if (error instanceof UnreadableResponse || error instanceof TooSlow) return unknown(error.message)
  throw error
}
