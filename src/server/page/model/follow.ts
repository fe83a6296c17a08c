import type { ActivityEvents } from '../../activity/protocol.ts'
import { readEvents } from './event-stream.ts'

export type Connection =
  | { readonly state: 'connecting' | 'live' }
  /** The server asks for a token; `refused`: it does not take the one that it was given. */
  | { readonly state: 'locked'; readonly refused: boolean }
  | { readonly state: 'lost'; readonly reason: string; readonly again: number }

export interface Listener {
  connection(now: Connection): void
  event(event: Partial<ActivityEvents>): void
}

const FIRST_PAUSE = 500
const LONGEST_PAUSE = 10_000

class LockedError extends Error {}

/** Follows the server's events until the signal aborts. Connects again by itself, later and later. */
export const follow = async (
  listener: Listener,
  token: string | undefined,
  signal: AbortSignal,
): Promise<void> => {
  let pause = FIRST_PAUSE
  const heard = () => {
    pause = FIRST_PAUSE
  }
  while (!signal.aborted) {
    try {
      await followOnce(listener, token, signal, heard)
    } catch (error) {
      if (signal.aborted) return
      if (error instanceof LockedError) {
        listener.connection({ state: 'locked', refused: token !== undefined })
        return
      }
      const wait = pause * (0.75 + Math.random() / 2)
      const reason = error instanceof Refused ? error.message : 'The server cannot be reached'
      listener.connection({ state: 'lost', reason, again: Date.now() + wait })
      await sleep(wait, signal)
      pause = Math.min(pause * 2, LONGEST_PAUSE)
    }
  }
}

/** The server answered, but not with events. */
class Refused extends Error {}

const followOnce = async (
  listener: Listener,
  token: string | undefined,
  signal: AbortSignal,
  heard: () => void,
): Promise<never> => {
  const response = await fetch('/_events', {
    signal,
    cache: 'no-store',
    credentials: 'omit',
    headers: {
      accept: 'text/event-stream',
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    },
  })
  if (response.status === 401 || response.status === 403) throw new LockedError()
  if (!response.ok || !response.body) throw new Refused(`The server answers ${response.status}`)
  for await (const { event, data } of readEvents(response.body)) {
    heard()
    if (event === 'activity') listener.connection({ state: 'live' })
    listener.event({ [event]: JSON.parse(data) })
  }
  throw new Refused('The server has ended the connection')
}

/** Ends early when the network is back, or somebody looks at the page again. */
const sleep = (milliseconds: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const ended = new AbortController()
    const end = () => {
      ended.abort()
      resolve()
    }
    setTimeout(end, milliseconds)
    const options = { signal: ended.signal }
    window.addEventListener('online', end, options)
    document.addEventListener('visibilitychange', end, options)
    signal.addEventListener('abort', end, options)
  })
