import type { Activity } from '../../activity/protocol.ts'

/** A group, with what its waits need. */
export interface Group {
  readonly name: string
  readonly ready: number
  /** Members that there are. */
  readonly known: number
  /** The most ready members that a wait needs; 0: no wait needs a number. */
  readonly needed: number
  /** `1 of 2 ready, 3 needed`. */
  readonly text: string
  /** As far as they are known, with their states. */
  readonly members: readonly (readonly [name: string, state: string])[]
}

/** Groups that have members, or that somebody waits for. */
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

/** Of each group that somebody waits for, the numbers of ready members that are needed, where waits name one. */
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

/** Held ones are in the status, sticky ones among the signals; of the latter the newest counts. */
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
