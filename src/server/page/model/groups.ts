import type { Activity } from '../../activity/protocol.ts'

/** A group, with the numbers that its waits need. */
export interface Group {
  readonly name: string
  readonly ready: number
  /** The number of members that exist. */
  readonly known: number
  /** The largest number of ready members that a wait needs. 0: no wait needs a number. */
  readonly needed: number
  /** The numbers in words: `1 of 2 ready, 3 needed`. */
  readonly text: string
  /** The known members, with their states. */
  readonly members: readonly (readonly [name: string, state: string])[]
}

/** Returns the groups that have members or waiters. */
export const groupsOf = (activity: Activity): Group[] => {
  const states = new Map<string, string>()
  for (const { kind, name, state } of activity.status) if (kind === 'group') states.set(name, state)
  const needs = needsOf(activity)
  const names = new Set([...states.keys(), ...needs.keys()])
  return [...names].map((name) => {
    const [, ready = 0, known = 0] = /^(\d+) of (\d+)/.exec(states.get(name) ?? '') ?? []
    const numbers = [...(needs.get(name) ?? [])].sort((a, b) => a - b)
    const counted = { ready: Number(ready), known: Number(known), needed: numbers.at(-1) ?? 0 }
    const text = textOf(states.get(name) ?? 'no members', numbers)
    return { name, ...counted, text, members: membersOf(activity, name) }
  })
}

/** Returns, for each group with waiters, the numbers of ready members that its waits need, if they need a number. */
const needsOf = ({ waits }: Activity): Map<string, Set<number>> => {
  const needs = new Map<string, Set<number>>()
  for (const { target, until, needs: needed } of waits) {
    if (until !== undefined || !target.includes('/')) continue
    for (const name of target.split(', ').filter(isGroup)) {
      const numbers = needs.get(name) ?? new Set()
      needs.set(name, needed === undefined ? numbers : numbers.add(needed))
    }
  }
  return needs
}

const isGroup = (target: string): boolean => target.endsWith('/') && !target.includes('://')

const textOf = (state: string, needed: readonly number[]): string =>
  needed.length === 0 ? state : `${state}, ${needed.join(' and ')} needed`

/**
 * Held members are in the status, sticky members are among the signals. The newest signal of a sticky member counts.
 */
const membersOf = ({ status, signals }: Activity, group: string): [string, string][] => {
  const direct = (key: string) =>
    key.startsWith(group) && !key.slice(group.length).includes('/') ? key.slice(group.length) : ''
  const states = new Map<string, string | null>()
  for (const { key, state } of signals) states.set(direct(key), state)
  for (const { kind, name, state } of status) if (kind === 'signal') states.set(direct(name), state)
  states.delete('')
  const present = [...states].filter((one): one is [string, string] => one[1] !== null)
  return present.sort(([a], [b]) => (a < b ? -1 : 1))
}
