import { createContext } from 'preact'
import { useContext, useEffect, useReducer, useState } from 'preact/hooks'
import { Session, type Shown } from '../model/session.ts'

const SessionContext = createContext(new Session())

export const useSession = (): Session => useContext(SessionContext)

/** Draws the component again after each change. */
export const useShown = (session: Session): Shown => {
  const [, draw] = useReducer((count: number) => count + 1, 0)
  useEffect(() => session.subscribe(() => draw(undefined)), [session])
  return session.shown
}

/**
 * Returns the server's clock, updated every `every` milliseconds. The updates are aligned, so that all clocks of the
 * page change together.
 */
export const useNow = (every: number): number => {
  const session = useSession()
  const [now, setNow] = useState(session.now)
  useEffect(() => {
    let timer: number
    const tick = () => {
      setNow(session.now)
      timer = window.setTimeout(tick, every - (Date.now() % every))
    }
    tick()
    return () => window.clearTimeout(timer)
  }, [session, every])
  // An event that has just arrived may be later than the last update.
  return Math.max(now, session.now - every)
}
