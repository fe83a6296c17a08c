import type { ActivityEvents } from '../../activity/protocol.ts'
import { readEvents } from './event-stream.ts'
import { Silence } from './silence.ts'
import { visible } from './text.ts'

export type Connection =
  | { readonly state: 'connecting' | 'live' }
  /** The server requires a token. `refused` says why it does not accept the given token. */
  | { readonly state: 'locked'; readonly refused?: string }
  | { readonly state: 'lost'; readonly reason: string; readonly again: number }

export interface Listener {
  connection(now: Connection): void
  event(event: Partial<ActivityEvents>): void
}

/** Milliseconds between two attempts: the first pause and the longest pause. */
const FIRST_PAUSE = 500
const LONGEST_PAUSE = 10_000

/** The server sends data at least every 15 s. After this many milliseconds without data, the connection is dead. */
const LONGEST_SILENCE = 45_000

/** The server requires another token. If the token only lacks a scope, the message has the server's words. */
class LockedError extends Error {}

/** The server did not send events, or stopped sending them. */
class RefusedError extends Error {}

/**
 * Follows the server's events until the signal aborts, or the server requires another token. After a failure it
 * connects again, with growing pauses.
 */
export const follow = async (
  listener: Listener,
  token: string | undefined,
  signal: AbortSignal,
): Promise<void> => {
  for (let pause = FIRST_PAUSE; !signal.aborted; pause = Math.min(pause * 2, LONGEST_PAUSE)) {
    try {
      await followOnce(listener, token, signal, () => {
        pause = FIRST_PAUSE
      })
    } catch (error) {
      if (signal.aborted) return
      if (error instanceof LockedError) {
        const refused = error.message || (token && 'The server rejects this token.')
        listener.connection({ state: 'locked', ...(refused && { refused }) })
        return
      }
      // The jitter keeps the pages from connecting all at once when a server is back.
      const wait = pause * (0.75 + Math.random() / 2)
      listener.connection({ state: 'lost', reason: reasonOf(error), again: Date.now() + wait })
      await sleep(wait, signal)
    }
  }
}

const reasonOf = (error: unknown): string =>
  error instanceof RefusedError ? error.message : 'The server cannot be reached'

/** Never returns, because the end of a stream is an error. */
const followOnce = async (
  listener: Listener,
  token: string | undefined,
  signal: AbortSignal,
  connected: () => void,
): Promise<never> => {
  const silence = new Silence(LONGEST_SILENCE)
  try {
    const response = await request(token, AbortSignal.any([signal, silence.signal]))
    if (response.status === 401) throw new LockedError()
    if (response.status === 403) throw new LockedError(await sentenceOf(response))
    if (!response.ok || !response.body)
      throw new RefusedError(`The server answers with status ${response.status}`)
    for await (const { event, data } of readEvents(response.body, () => silence.broken())) {
      connected()
      if (event === 'activity') listener.connection({ state: 'live' })
      listener.event({ [event]: JSON.parse(data) })
    }
    throw new RefusedError('The server closed the connection')
  } finally {
    silence.end()
  }
}

const sentenceOf = async (response: Response): Promise<string> => {
  const { error } = (await response.json()) as { error?: unknown }
  return `The server says: ${visible(String(error))}`
}

const request = (token: string | undefined, signal: AbortSignal): Promise<Response> =>
  fetch('/_events', {
    signal,
    cache: 'no-store',
    credentials: 'omit',
    headers: {
      accept: 'text/event-stream',
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    },
  })

/** Ends early when the network is back, or when the visibility of the page changes. */
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
