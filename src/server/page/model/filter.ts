import type { Activity, Waiter } from '../../activity/protocol.ts'

/** What of an activity has every word of the text in it, whatever the case. */
export const filtered = (activity: Activity, text: string): Activity => {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean)
  if (words.length === 0) return activity
  const has = (...parts: (string | number | null | undefined)[]): boolean => {
    const all = parts.join('\n').toLowerCase()
    return words.every((word) => all.includes(word))
  }
  const whose = ({ host, pid, client }: Waiter = {}) => [host, pid, client]
  return {
    ...activity,
    status: activity.status.filter(({ kind, name, state, id, holder }) =>
      has(kind, name, state, id, holder?.host, holder?.pid),
    ),
    waits: activity.waits.filter(({ target, waiter, outcome, reason }) =>
      has(target, outcome ?? 'waiting', reason, ...whose(waiter)),
    ),
    signals: activity.signals.filter(({ key, state, by }) => has(`${key}=${state}`, ...whose(by))),
  }
}
