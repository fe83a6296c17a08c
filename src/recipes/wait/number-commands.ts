import type { Condition } from './condition.ts'

/** Tells the `exec:` probes of one wait apart, whose names have only their programs: `exec:curl#1`, `exec:curl#2`. */
export const numberCommands = (conditions: readonly Condition[]): Condition[] => {
  let count = 0
  return conditions.map((condition) =>
    condition.target.startsWith('exec:')
      ? { ...condition, target: `${condition.target}#${++count}` }
      : condition,
  )
}
