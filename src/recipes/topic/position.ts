import { LostError, UsageError } from '../../base/errors.ts'
import { printable } from '../../base/redact.ts'
import type { Head } from './head.ts'

/** Where a subscriber is: at the message that it is to get next. */
export interface Position {
  /** The topic's id. */
  readonly topic: string
  readonly next: number
}

/** Messages are missing between what a subscriber has got and what it could get next. */
export class GapError extends LostError {
  /** Behind the gap; absent where there is nothing. */
  readonly behind: Position | undefined

  constructor(message: string, behind?: Position) {
    super(message)
    this.behind = behind
  }
}

/** What a message is called: its number, and the topic's id, so that it names no other message when that is new. */
export const messageId = (topic: string, number: number): string => `${number}-${topic}`

/** Where to begin, as a person writes it: what comes from now on, all that is kept, or at a message. */
export type From = 'now' | 'start' | (string & {})

/** Where to begin behind a message, by its id. */
export const behindMessage = (id: string): From => {
  const [, number, topic] = /^(\d{1,12})-([0-9a-f]{8})$/.exec(id) ?? []
  if (number !== undefined) return messageId(topic ?? '', Number(number) + 1)
  throw new UsageError(`${JSON.stringify(id.slice(0, 40))} is not the id of a message`)
}

/**
 * Reads where to begin, which then depends on the topic.
 * @throws UsageError it is neither `now` nor `start` nor an id.
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

/** Whether all that comes from the position on is there, or will be. */
export const isSound = ({ id, first, next }: Head, position: Position): boolean =>
  id === position.topic && first <= position.next && position.next <= next

/** Why it is not. */
export const gapIn = (
  name: string,
  head: Head | undefined,
  { topic, next }: Position,
): GapError => {
  const since = `since message ${next} of ${name} was expected`
  if (!head) return new GapError(`messages may be lost: ${name} was cleared ${since}`)
  const behind = { topic: head.id, next: head.first }
  const what =
    head.id === topic && head.first > next
      ? `messages ${next} to ${head.first - 1} of ${name} are lost: they were trimmed before they were read`
      : `messages may be lost: ${name} was cleared, or its store was emptied or restored, ${since}`
  return new GapError(what, behind)
}
