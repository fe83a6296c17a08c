import { EventEmitter, on } from 'node:events'
import type { Condition, Observation } from './condition.ts'
import { type Goal, Tally } from './tally.ts'

/** Combines several conditions into one, which holds when enough of them hold. Its reason names the targets. */
export const combined = (conditions: readonly Condition[], goal: Goal): Condition => ({
  target: conditions.map(({ target }) => target).join(', '),
  stored: conditions.every(({ stored }) => stored),
  async check(signal) {
    const tally = new Tally(conditions, goal)
    const check = async (one: Condition) => tally.record(one, await one.check(signal))
    await Promise.all(conditions.map(check))
    return observationOf(tally)
  },
  async *observe(signal) {
    const tally = new Tally(conditions, goal)
    // Without this listener, an error that comes after the reader has left would end the process.
    const told = new EventEmitter().on('error', () => {})
    const changes = on(told, 'change', { signal })
    const follow = async (one: Condition): Promise<void> => {
      for await (const observation of one.observe(signal)) {
        tally.record(one, observation)
        told.emit('change')
      }
    }
    for (const one of conditions) follow(one).catch((error) => told.emit('error', error))
    for await (const _ of changes) yield observationOf(tally)
  },
})

const observationOf = (tally: Tally): Observation => {
  const { done, unreachable } = tally
  const reason = tally.describePending()
  return { holds: done, none: false, reason, ...(unreachable && { unreachable }) }
}
