import type { ServerResponse } from 'node:http'
import { sentEvent } from '../events/server-sent-events.ts'
import type { ActivityEvents } from './protocol.ts'

/** So many bytes may wait to be read before a viewer is left out. */
const BACKLOG = 1_048_576

/** One event of the stream, as it is sent. */
export const eventText = <K extends keyof ActivityEvents>(
  name: K,
  data: ActivityEvents[K],
): string => sentEvent({ name, data: JSON.stringify(data) })

/** One who looks on. Who reads slowly misses what happens meanwhile, and is then told everything anew. */
export class Viewer {
  readonly #response: ServerResponse
  #isBehind = false

  constructor(response: ServerResponse) {
    this.#response = response
  }

  /** `whole`: what it is told where it has missed something and has read all that it was told before. */
  send(text: string, whole: () => string): void {
    if (this.#isBehind) this.#catchUp(whole)
    else if (this.#response.writableLength > BACKLOG) this.#isBehind = true
    else this.#response.write(text)
  }

  /** It does not keep up. */
  get isBehind(): boolean {
    return this.#isBehind
  }

  #catchUp(whole: () => string): void {
    if (this.#response.writableLength > 0) return
    this.#isBehind = false
    this.#response.write(whole())
  }
}
