import type { Drawing } from './model.ts'

const PAGE = 10

/** Where a key leads from a row; `undefined`: the key means nothing here. */
export const moved = (key: string, from: number, { rows }: Drawing): number | undefined => {
  const last = rows.length - 1
  const within = (index: number) => Math.min(last, Math.max(0, index))
  switch (key) {
    case 'ArrowDown':
      return within(from + 1)
    case 'ArrowUp':
      return within(from - 1)
    case 'PageDown':
      return within(from + PAGE)
    case 'PageUp':
      return within(from - PAGE)
    case 'Home':
      return within(0)
    case 'End':
      return last
    case 'ArrowRight':
      return sibling(from, 1, rows)
    case 'ArrowLeft':
      return sibling(from, -1, rows)
    default:
      return undefined
  }
}

/**
 * Whether a key opens or closes the row that stands for several waits; `undefined`: it does neither. The arrows do so
 * only where there is something to open or to close, else they move.
 */
export const opens = (key: string, isOpen: boolean): boolean | undefined => {
  if (key === 'Enter' || key === ' ') return !isOpen
  if (key === 'ArrowRight' && !isOpen) return true
  return key === 'ArrowLeft' && isOpen ? false : undefined
}

/** The next wait for the same target. */
const sibling = (from: number, by: 1 | -1, rows: Drawing['rows']): number => {
  const own = rows[from]
  for (let index = from + by; own && index >= 0 && index < rows.length; index += by) {
    if (rows[index]?.wait.target === own.wait.target) return index
  }
  return from
}
