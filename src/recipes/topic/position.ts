import { LostError, UsageError } from '../../base/errors.ts'
import { printable } from '../../base/redact.ts'
import type { Head } from './head.ts'

/** The position of a subscriber: the message that it gets next. */
export interface Position {
  /** The topic's id. */
  readonly topic: string
  readonly next: number
}

/** Messages are missing between the subscriber's last message and the next one that it could get. */
export class GapError extends LostError {
  /** The position after the gap. Absent if the topic does not exist. */
  readonly behind: Position | undefined

  constructor(message: string, behind?: Position) {
    super(message)
    this.behind = behind
  }
}

/** The id of a message: its number and the topic's id. After the topic was cleared, it never names another message. */
export const messageId = (topic: string, number: number): string => `${number}-${topic}`

/**
 * Where to begin, as a user writes it: `now` (messages published from now on), `start` (the oldest message that is
 * kept), or the id or number of a message.
 */
export type From = 'now' | 'start' | (string & {})

/**
 * Where to begin after the message with this id.
 * @throws UsageError it is not the id of a message.
 */
export const behindMessage = (id: string): From => {
  const [, number, topic] = /^(\d{1,12})-([0-9a-f]{8})$/.exec(id) ?? []
  if (number !== undefined) return messageId(topic ?? '', Number(number) + 1)
  const shown = JSON.stringify(id.slice(0, 40))
  throw new UsageError(`${shown} is not the id of a message: write one such as 12-0a1b2c3d`)
}

/**
 * Parses where to begin. The returned function finds the position in a topic, given its head.
 * @throws UsageError it is neither `now` nor `start`, an id or a number.
 */
export const parseFrom = (from: From): ((head: Head) => Position) => {
  if (from === 'now') return ({ id, next }) => ({ topic: id, next })
  if (from === 'start') return ({ id, first }) => ({ topic: id, next: first })
  const [, number, topic] = /^([1-9]\d{0,11})(?:-([0-9a-f]{8}))?$/.exec(from) ?? []
  if (number === undefined) {
    const shown = printable(JSON.stringify(from.slice(0, 40)))
    throw new UsageError(
      `${shown} is not a position in a topic: write now, start or the id of a message`,
    )
  }
  return ({ id }) => ({ topic: topic ?? id, next: Number(number) })
}

/** Whether all messages from the position on are in the topic, or will be. */
export const isSound = ({ id, first, next }: Head, position: Position): boolean =>
  id === position.topic && first <= position.next && position.next <= next

/** The error that explains why a position is not sound. */
export const gapIn = (
  name: string,
  head: Head | undefined,
  { topic, next }: Position,
): GapError => {
  const lost = `messages of ${name} from ${next} on may be lost`
  if (!head) return new GapError(`${lost}: the topic was cleared`)
  const behind = { topic: head.id, next: head.first }
  const what =
    head.id === topic && head.first > next
      ? `messages ${next} to ${head.first - 1} of ${name} are lost: they were trimmed before they were read`
      : `${lost}: the topic was cleared, or its store was emptied or restored`
  return new GapError(what, behind)
}
