import type { RefObject } from 'preact'
import { useCallback, useLayoutEffect, useState } from 'preact/hooks'
import { AXIS_HEIGHT } from './geometry.ts'

/** Rows that are drawn above and below the visible rows, so that scrolling shows no gaps. */
const BEYOND = 8

/** Returns which rows of a scrolled list are visible. A list that is scrolled to its end stays there while it grows. */
export const useViewport = (
  scroller: RefObject<HTMLDivElement | null>,
  rows: number,
  rowHeight: number,
) => {
  const [top, setTop] = useState(0)
  const [room, setRoom] = useState(600)
  const [atEnd, setAtEnd] = useState(false)
  useLayoutEffect(() => {
    const element = scroller.current
    if (!element) return
    const check = () => {
      setTop(element.scrollTop)
      setRoom(element.clientHeight)
      setAtEnd(element.scrollTop > 0 && restOf(element) < rowHeight)
    }
    const sizes = new ResizeObserver(check)
    sizes.observe(element)
    element.addEventListener('scroll', check, { passive: true })
    return () => {
      sizes.disconnect()
      element.removeEventListener('scroll', check)
    }
  }, [rowHeight])
  useLayoutEffect(() => {
    if (atEnd) scroller.current?.scrollTo({ top: rows * rowHeight })
  }, [rows])
  const reveal = useCallback(
    (index: number) => {
      const element = scroller.current
      if (!element || index < 0) return
      const from = index * rowHeight
      const lowest = from + rowHeight + AXIS_HEIGHT - element.clientHeight
      if (element.scrollTop > from) element.scrollTop = from
      else if (element.scrollTop < lowest) element.scrollTop = lowest
    },
    [rowHeight],
  )
  const first = Math.max(0, Math.floor(top / rowHeight) - BEYOND)
  const last = Math.min(rows, Math.ceil((top + room) / rowHeight) + BEYOND)
  return { first: Math.min(first, Math.max(0, rows - 1)), last, reveal }
}

const restOf = ({ scrollHeight, scrollTop, clientHeight }: Element): number =>
  scrollHeight - scrollTop - clientHeight
