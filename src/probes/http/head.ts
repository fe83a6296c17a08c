/** The most bytes that are read of all heads of a response together, and of one of their lines. curl reads as much. */
const headLimit = 300 * 1024
const lineLimit = 100 * 1024

/** The reason, in a few words, why the received bytes cannot be read as a response. */
export class UnreadableResponse extends Error {
  /** Whether the server does not speak HTTP at all. */
  readonly alien: boolean

  constructor(reason: string, alien = false) {
    super(reason)
    this.alien = alien
  }
}

/** How the reader finds the end of a body. A number is the length of the body in bytes. */
export type Framing = 'chunked' | 'close' | number

/** The parts of a response's head that a check needs. */
export interface Head {
  readonly status: number
  readonly framing: Framing
  /** A transfer coding other than chunked. */
  readonly coding?: string | undefined
}

interface Fields {
  readonly status: number
  length?: number | undefined
  chunked?: boolean
  coding?: string
}

/**
 * Reads the head of a response as curl does. It accepts bare line feeds, a missing reason phrase, folded lines, a
 * repeated Content-Length, and both framings together, of which chunked wins. It skips informational responses (1xx).
 */
export class HeadReader {
  #fields: Fields | undefined
  #rest = ''
  #size = 0

  /**
   * @returns the bytes behind the head once the head is complete, otherwise `undefined`
   * @throws UnreadableResponse if the bytes are not a response, or the head is too large
   */
  push(chunk: Buffer): Buffer | undefined {
    this.#rest += chunk.toString('latin1')
    for (let end = this.#rest.indexOf('\n'); end !== -1; end = this.#rest.indexOf('\n')) {
      const line = this.#rest.slice(0, end)
      this.#rest = this.#rest.slice(end + 1)
      if (this.#read(line)) return Buffer.from(this.#rest, 'latin1')
    }
    if (!this.#fields) checkBegin(this.#rest)
    this.#checkSize(this.#rest.length)
    return undefined
  }

  /** The head as far as it has been read. If the server ended early, a complete status line is enough, as for curl. */
  get head(): Head | undefined {
    if (!this.#fields) return undefined
    const { status, length = 'close', chunked, coding } = this.#fields
    const hasBody = status !== 204 && status !== 304
    return { status, coding, framing: hasBody ? (chunked ? 'chunked' : length) : 0 }
  }

  /** Returns whether the line ends the head. */
  #read(line: string): boolean {
    this.#checkSize(line.length)
    this.#size += line.length + 1
    const text = withoutReturns(line)
    if (!this.#fields) this.#fields = { status: statusOf(text) }
    else if (text !== '') addHeader(this.#fields, text)
    else if (!isInformational(this.#fields)) return true
    else this.#fields = undefined
    return false
  }

  #checkSize(line: number): void {
    if (line > lineLimit) throw new UnreadableResponse('an HTTP header is longer than 100 KiB')
    if (this.#size + line > headLimit)
      throw new UnreadableResponse('the HTTP headers are longer than 300 KiB')
  }
}

/** Recognizes a server that does not speak HTTP by its first bytes, even if its first line never ends. */
const checkBegin = (text: string): void => {
  if ('HTTP/'.startsWith(text.slice(0, 5).toUpperCase())) return
  // A TLS record of a handshake or an alert.
  const speaksTls = text.startsWith('\x16\x03') || text.startsWith('\x15\x03')
  throw new UnreadableResponse(
    speaksTls ? 'speaks TLS: write https://' : 'does not speak HTTP',
    true,
  )
}

const statusOf = (line: string): number => {
  checkBegin(line)
  const [, version, rest = ''] = /^HTTP\/(\S*)(.*)/is.exec(line) ?? []
  if (!/^(1\.[01]|2(\.0)?)$/.test(version ?? ''))
    throw new UnreadableResponse('answers in an unknown version of HTTP')
  const [, status] = /^ +([1-9]\d\d)(?!\d)/.exec(rest) ?? []
  if (status === undefined) throw new UnreadableResponse('the HTTP status line is malformed')
  return Number(status)
}

/** A response with status 101 is the last one of its connection. */
const isInformational = ({ status }: Fields): boolean => status < 200 && status !== 101

const addHeader = (fields: Fields, line: string): void => {
  if (line.includes('\0')) throw new UnreadableResponse('an HTTP header has a NUL in it')
  // A folded line continues the header before it. No header that counts here needs more than one line.
  if (/^[ \t]/.test(line)) return
  const colon = line.indexOf(':')
  if (colon === -1) throw new UnreadableResponse('an HTTP header has no colon')
  const name = line.slice(0, colon).toLowerCase()
  const value = line
    .slice(colon + 1)
    .trim()
    .toLowerCase()
  if (name === 'content-length') fields.length = lengthOf(value) ?? fields.length
  if (name === 'transfer-encoding') addCodings(fields, value)
}

const lengthOf = (value: string): number | undefined => {
  const [digits] = /^\+?\d+/.exec(value) ?? []
  if (digits === undefined) throw new UnreadableResponse('the Content-Length is not a number')
  return Number.isSafeInteger(Number(digits)) ? Number(digits) : undefined
}

const addCodings = (fields: Fields, value: string): void => {
  for (const coding of value.split(',').map((word) => word.trim())) {
    if (coding === 'chunked') fields.chunked = true
    else if (coding !== 'identity' && coding !== '') fields.coding = coding
  }
}

const withoutReturns = (line: string): string => {
  let end = line.length
  while (line[end - 1] === '\r') end--
  return line.slice(0, end)
}
