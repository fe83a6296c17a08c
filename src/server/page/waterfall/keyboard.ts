import type { Drawing } from './model.ts'

const PAGE = 10

/** Returns the row to which a key leads, or `undefined` if the key has no meaning here. */
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
 * Returns whether a key opens or closes a row that stands for several waits, or `undefined` if it does neither. The
 * arrow keys do so only if there is something to open or to close. Otherwise they move.
 */
export const opens = (key: string, isOpen: boolean): boolean | undefined => {
  if (key === 'Enter' || key === ' ') return !isOpen
  if (key === 'ArrowRight' && !isOpen) return true
  return key === 'ArrowLeft' && isOpen ? false : undefined
}

/** Returns the next row with the same target. */
const sibling = (from: number, by: 1 | -1, rows: Drawing['rows']): number => {
  const own = rows[from]
  for (let index = from + by; own && index >= 0 && index < rows.length; index += by) {
    if (rows[index]?.wait.target === own.wait.target) return index
  }
  return from
}
