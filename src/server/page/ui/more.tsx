import { useState } from 'preact/hooks'
import { useNarrow } from './use-narrow.ts'

/** The number of rows at first, with one column and with several. More rows would make the page long and slow. */
const FIRST = { narrow: 6, wide: 20 } as const

/** Returns the rows to show, and a button that shows ten times as many with each press. */
export const useFirst = <T,>(rows: readonly T[]) => {
  const narrow = useNarrow()
  const [times, setTimes] = useState(1)
  const limit = (narrow ? FIRST.narrow : FIRST.wide) * times
  const left = rows.length - limit
  const more =
    left > 0 ? (
      <button type="button" class="more" onClick={() => setTimes(times * 10)}>
        {left.toLocaleString('en')} more
      </button>
    ) : null
  return { shown: rows.slice(0, limit), more }
}
