import type { Condition } from './condition.ts'

/**
 * Numbers the `exec:` probes of one wait, because their names contain only the program: `exec:curl#1`, `exec:curl#2`.
 */
export const numberCommands = (conditions: readonly Condition[]): Condition[] => {
  let count = 0
  return conditions.map((condition) =>
    condition.target.startsWith('exec:')
      ? { ...condition, target: `${condition.target}#${++count}` }
      : condition,
  )
}
