import type { RefObject } from 'preact'
import { useLayoutEffect, useState } from 'preact/hooks'

/** Returns the inner width of an element, and follows its changes. */
export const useWidth = (element: RefObject<HTMLElement | null>): number => {
  const [width, setWidth] = useState(0)
  useLayoutEffect(() => {
    const measured = element.current
    if (!measured) return
    const measure = () => setWidth(measured.clientWidth)
    const sizes = new ResizeObserver(measure)
    sizes.observe(measured)
    measure()
    return () => sizes.disconnect()
  }, [])
  return width
}
