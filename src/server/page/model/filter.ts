import type { Activity, Waiter } from '../../activity/protocol.ts'
import { OUTCOMES, outcomeOf } from './outcome.ts'
import type { Waiting } from './waiting.ts'

type Part = string | number | null | undefined

/**
 * Returns a test whether every word of a text occurs in some part, in any case of letters. Returns `undefined` if the
 * text has no word.
 */
const matcher = (text: string): ((...parts: Part[]) => boolean) | undefined => {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean)
  if (words.length === 0) return undefined
  return (...parts) => {
    const all = parts.join('\n').toLowerCase()
    return words.every((word) => all.includes(word))
  }
}

/** Returns the rows of an activity in which every word of the text occurs. */
export const filtered = (activity: Activity, text: string): Activity => {
  const has = matcher(text)
  if (!has) return activity
  return {
    ...activity,
    status: activity.status.filter(({ kind, name, state, id, holder }) =>
      has(kind, name, state, id, ...whose(holder)),
    ),
    waits: activity.waits.filter((wait) => {
      const outcome = outcomeOf(wait)
      return has(wait.target, outcome, OUTCOMES[outcome], wait.reason, ...whose(wait.waiter))
    }),
    signals: activity.signals.filter(({ key, state, by }) =>
      has(`${key}=${state ?? 'cleared'}`, ...whose(by)),
    ),
  }
}

const whose = ({ host, pid, client }: Waiter = {}): Part[] => [host, pid, client]

/** Returns the waiters in which every word of the text occurs. */
export const filteredWaiting = (waiting: readonly Waiting[], text: string): readonly Waiting[] => {
  const has = matcher(text)
  if (!has) return waiting
  return waiting.filter(({ target, who, reason }) => has(target, who, reason, OUTCOMES.waiting))
}
