import { createContext } from 'preact'
import { useContext, useEffect, useReducer, useState } from 'preact/hooks'
import { Session, type Shown } from '../model/session.ts'

const SessionContext = createContext(new Session())

export const useSession = (): Session => useContext(SessionContext)

/** Draws anew with each change. */
export const useShown = (session: Session): Shown => {
  const [, draw] = useReducer((count: number) => count + 1, 0)
  useEffect(() => session.subscribe(() => draw(undefined)), [session])
  return session.shown
}

/** The server's clock, every so many milliseconds, aligned so that all that ticks does so together. */
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
  // what has just come may be younger than the last tick
  return Math.max(now, session.now - every)
}
