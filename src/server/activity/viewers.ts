import type { ServerResponse } from 'node:http'
import { SSE } from '../events/server-sent-events.ts'
import type { SignalMark, WaitSpan } from './protocol.ts'
import { eventText, Viewer } from './viewer.ts'
import { spanOf, type Wait } from './wait.ts'
import type { Waits } from './waits.ts'

/** Milliseconds between two batches of events. */
const BATCH = 100

/** Milliseconds between two reads of the reasons of pending waits. */
const REASONS = 1_000

/** If there are more events than this since the last batch, the whole activity is sent instead. */
const MAX_SENT = 1_000

export interface Telling {
  /** The whole activity, as an event. */
  whole(): string
  /** Returns the reason why a wait is pending, if it is known. */
  reasonOf(wait: Wait): string | undefined
  /** Called when the last viewer has left. */
  unwatched(): void
}

/** Sends the activity to all viewers, in batches. Costs nothing while there are no viewers. */
export class Viewers {
  readonly #waits: Waits
  readonly #telling: Telling
  readonly #viewers = new Set<Viewer>()
  #ended: Wait[] = []
  #signals: SignalMark[] = []
  #others: string[] = []
  #unlisted = 0
  #timer: NodeJS.Timeout | undefined
  #beat: NodeJS.Timeout | undefined
  #lookedAt = 0

  constructor(waits: Waits, telling: Telling) {
    this.#waits = waits
    this.#telling = telling
  }

  get some(): boolean {
    return this.#viewers.size > 0
  }

  /** Adds a viewer until the signal aborts. */
  add(response: ServerResponse, signal: AbortSignal): void {
    // Existing viewers must get the new events first, because sending the whole activity clears these events.
    const text = this.#batch()
    if (text !== '') this.#sendToAll(text)
    const viewer = new Viewer(response)
    response.write(this.#tellWhole())
    this.#viewers.add(viewer)
    this.#beat ??= setInterval(() => this.#sendToAll(SSE.heartbeat), SSE.heartbeatEvery)
    const leave = () => {
      response.end()
      if (this.#viewers.delete(viewer) && !this.some) this.#rest()
    }
    if (signal.aborted) leave()
    else signal.addEventListener('abort', leave, { once: true })
    this.#schedule()
  }

  begun(): void {
    if (this.some) this.#schedule()
  }

  ended(wait: Wait): void {
    if (!this.some) return
    if (this.#ended.length <= MAX_SENT) this.#ended.push(wait)
    this.#schedule()
  }

  signalled(mark: SignalMark): void {
    if (!this.some) return
    if (this.#signals.length <= MAX_SENT) this.#signals.push(mark)
    this.#schedule()
  }

  /** Sends another event, given as text. */
  tell(text: string): void {
    if (!this.some) return
    this.#others.push(text)
    this.#schedule()
  }

  #schedule(): void {
    this.#timer ??= setTimeout(() => this.#flush(), BATCH)
  }

  #flush(): void {
    this.#timer = undefined
    const text = this.#batch()
    if (text !== '') this.#sendToAll(text)
    const behind = [...this.#viewers].some(({ isBehind }) => isBehind)
    // A viewer has to catch up, or the reasons may change.
    if (behind) this.#schedule()
    else if (this.some && this.#waits.open.size > 0) {
      this.#timer ??= setTimeout(() => this.#flush(), REASONS)
    }
  }

  #batch(): string {
    const listed = this.#waits.listed
    const fresh = [...listed.filter(({ told }) => !told), ...this.#ended]
    if (fresh.length > MAX_SENT || this.#signals.length > MAX_SENT) return this.#tellWhole()
    const changed = this.#reasonsAreDue() ? listed.filter((wait) => this.#hasChanged(wait)) : []
    for (const wait of listed) this.#tell(wait)
    const unlisted = this.#waits.open.size - listed.length
    const texts = [
      ...this.#signals.map((mark) => eventText('signal', mark)),
      ...[...new Set([...fresh, ...changed])].map((wait) => eventText('wait', this.#span(wait))),
      ...(unlisted === this.#unlisted ? [] : [eventText('unlisted', unlisted)]),
      ...this.#others,
    ]
    this.#unlisted = unlisted
    this.#forget()
    return texts.join('')
  }

  #tellWhole(): string {
    const { listed } = this.#waits
    for (const wait of listed) this.#tell(wait)
    this.#unlisted = this.#waits.open.size - listed.length
    this.#forget()
    return this.#telling.whole()
  }

  #tell(wait: Wait): void {
    if (!wait.told) this.#hasChanged(wait)
    wait.told = true
  }

  #reasonsAreDue(): boolean {
    const now = Date.now()
    if (now - this.#lookedAt < REASONS) return false
    this.#lookedAt = now
    return true
  }

  #hasChanged(wait: Wait): boolean {
    const reason = this.#telling.reasonOf(wait)
    if (reason === wait.reason) return false
    wait.reason = reason
    return true
  }

  #span(wait: Wait): WaitSpan {
    return spanOf(this.#waits.credit(wait))
  }

  #sendToAll(text: string): void {
    for (const viewer of this.#viewers) viewer.send(text, () => this.#telling.whole())
  }

  #forget(): void {
    this.#ended = []
    this.#signals = []
    this.#others = []
  }

  #rest(): void {
    clearTimeout(this.#timer)
    clearInterval(this.#beat)
    this.#timer = undefined
    this.#beat = undefined
    this.#forget()
    this.#telling.unwatched()
  }
}
