import type { ServerResponse } from 'node:http'
import { sentEvent } from '../events/server-sent-events.ts'
import type { ActivityEvents } from './protocol.ts'

/** The most bytes that may wait for a viewer to read them. A viewer with more gets no further events. */
const BACKLOG = 1_048_576

/** One event of the stream, as it is sent. */
export const eventText = <K extends keyof ActivityEvents>(
  name: K,
  data: ActivityEvents[K],
): string => sentEvent({ name, data: JSON.stringify(data) })

/**
 * A client that follows the activity. A client that reads slowly misses the events of that time, and then gets the
 * whole activity again.
 */
export class Viewer {
  readonly #response: ServerResponse
  #isBehind = false

  constructor(response: ServerResponse) {
    this.#response = response
  }

  /** `whole` returns what to send to a viewer that has missed events and has now read everything sent before. */
  send(text: string, whole: () => string): void {
    if (this.#isBehind) this.#catchUp(whole)
    else if (this.#response.writableLength > BACKLOG) this.#isBehind = true
    else this.#response.write(text)
  }

  /** Whether the viewer does not keep up. */
  get isBehind(): boolean {
    return this.#isBehind
  }

  #catchUp(whole: () => string): void {
    if (this.#response.writableLength > 0) return
    this.#isBehind = false
    this.#response.write(whole())
  }
}
