import type { Drawing } from './model.ts'

const PAGE = 10

/** Where a key leads from a bar; `undefined`: the key means nothing here. */
export const moved = (key: string, from: number, { bars }: Drawing): number | undefined => {
  const last = bars.length - 1
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
      return sibling(from, 1, bars)
    case 'ArrowLeft':
      return sibling(from, -1, bars)
    default:
      return undefined
  }
}

/** The next wait that the same signal released, else one for the same target. */
const sibling = (from: number, by: 1 | -1, bars: Drawing['bars']): number => {
  const own = bars[from]
  for (let index = from + by; own && index >= 0 && index < bars.length; index += by) {
    if (bars[index]?.target === own.target) return index
  }
  return from
}
