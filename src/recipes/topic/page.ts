import type { Entry } from '../../backends/backend.ts'
import { ConflictError } from '../../base/errors.ts'

/** The header of a page. */
export interface PageHeader {
  /** The topic's id. */
  readonly topic: string
  /** The publisher, and the number of its batch. They show whether an unanswered commit was applied. */
  readonly publisher: string
  readonly batch: number
  /** When the publisher stored the page, in wall-clock milliseconds. */
  readonly time: number
}

/** Messages that are stored under one key. */
export interface Page extends PageHeader {
  /** The number of its first message. */
  readonly first: number
  readonly messages: readonly Uint8Array[]
}

const NEWLINE = 10

/**
 * Encodes a page as a line of JSON with the lengths of the messages, and then each message with a line feed. So people
 * can read it, and a message may contain any bytes.
 */
export const encodePage = (header: PageHeader, messages: readonly Uint8Array[]): Uint8Array => {
  const lengths = messages.map(({ length }) => length)
  const top = Buffer.from(`${JSON.stringify({ ...header, lengths })}\n`)
  const size = lengths.reduce((sum, length) => sum + length + 1, top.length)
  const page = Buffer.allocUnsafe(size)
  let at = top.copy(page)
  for (const message of messages) {
    page.set(message, at)
    at += message.length
    page[at++] = NEWLINE
  }
  return page
}

/** The number of bytes that a message adds to its page. */
export const sizeInPage = ({ length }: Uint8Array): number => length + 1 + String(length).length + 1

/** @throws ConflictError the value is not a page. */
export const decodePage = ({ key, value }: Entry, first: number): Page => {
  const top = value.indexOf(NEWLINE)
  const header = parse(value.subarray(0, top))
  if (!header)
    throw new ConflictError(`${key} is not a page of messages: clear it, or choose another name`)
  const { lengths, ...rest } = header
  let at = top + 1
  const messages = lengths.map((length) => {
    const message = value.subarray(at, at + length)
    at += length + 1
    return message
  })
  return { ...rest, first, messages }
}

const parse = (top: Uint8Array): (PageHeader & { lengths: number[] }) | undefined => {
  try {
    const header = JSON.parse(Buffer.from(top).toString())
    return Array.isArray(header?.lengths) ? header : undefined
  } catch {
    return undefined
  }
}
