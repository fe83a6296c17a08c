/** The longest timer of Node, in milliseconds. A longer one would fire at once. */
export const MAX_TIMER = 2_147_483_647

/** A timer of any length. */
export interface LongTimer {
  clear(): void
}

/** Like setTimeout, for any number of milliseconds. A timer that is already due fires at once. */
export const setLongTimeout = (fire: () => void, length: number): LongTimer => {
  let timer: NodeJS.Timeout
  const arm = (left: number) => {
    const step = Math.max(0, Math.min(left, MAX_TIMER))
    timer = setTimeout(() => (left > step ? arm(left - step) : fire()), step)
  }
  arm(length)
  return { clear: () => clearTimeout(timer) }
}
