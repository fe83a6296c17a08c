import { useEffect, useState } from 'preact/hooks'

/** The condition that the style sheets use. */
const NARROW = '(max-width: 640px)'

/** Whether there is room for one column only. */
export const useNarrow = (): boolean => {
  const [narrow, setNarrow] = useState(() => matchMedia(NARROW).matches)
  useEffect(() => {
    const query = matchMedia(NARROW)
    const check = () => setNarrow(query.matches)
    query.addEventListener('change', check)
    return () => query.removeEventListener('change', check)
  }, [])
  return narrow
}
