import type { Activity, ActivityEvents, SignalMark, WaitSpan } from '../../activity/protocol.ts'

/** The most ended waits, and the most signals, that are kept. The page may be open for weeks. */
const KEPT = 5_000

/** The activity as far as the page knows it: received whole at first, then changed by each event. */
export class LiveActivity {
  #whole: Activity
  readonly #waits: Map<string, WaitSpan>
  readonly #signals: Map<string, SignalMark>

  constructor(whole: Activity) {
    this.#whole = whole
    this.#waits = new Map(whole.waits.map((wait) => [wait.id, wait]))
    this.#signals = new Map(whole.signals.map((mark) => [mark.id, mark]))
  }

  apply(event: Partial<ActivityEvents>): void {
    const { status, unlisted, wait, signal } = event
    if (status) this.#whole = { ...this.#whole, status }
    if (unlisted !== undefined) this.#whole = { ...this.#whole, unlisted }
    if (wait) this.#waits.set(wait.id, wait)
    if (signal) this.#signals.set(signal.id, signal)
  }

  /** Returns the activity as the server would send it now. */
  snapshot(): Activity {
    forget(this.#waits, ({ until }) => until !== undefined)
    forget(this.#signals, () => true)
    return {
      ...this.#whole,
      waits: [...this.#waits.values()],
      signals: [...this.#signals.values()],
    }
  }
}

/** Forgets the oldest of the items that may be forgotten. */
const forget = <T>(all: Map<string, T>, may: (one: T) => boolean): void => {
  if (all.size <= KEPT) return
  const ids = [...all].filter(([, one]) => may(one)).map(([id]) => id)
  for (const id of ids.slice(0, Math.max(0, ids.length - KEPT))) all.delete(id)
}
