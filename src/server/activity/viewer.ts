import type { ServerResponse } from 'node:http'
import type { ActivityEvents } from './protocol.ts'

/** So many bytes may wait to be read before a viewer is left out. */
const BACKLOG = 1_048_576

/** Who reads nothing for so long (milliseconds) is let go. */
const LONGEST_STALL = 30_000

/** One event of the stream, as it is sent. */
export const eventText = <K extends keyof ActivityEvents>(
  name: K,
  data: ActivityEvents[K],
): string => `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`

/** One who looks on. Who reads slowly misses what happens meanwhile, and is then told everything anew. */
export class Viewer {
  readonly #response: ServerResponse
  /** Since when it does not keep up. */
  #behind: number | undefined

  constructor(response: ServerResponse) {
    this.#response = response
  }

  /** `whole`: what it is told where it has missed something and has read all that it was told before. */
  send(text: string, whole: () => string): void {
    if (this.#behind !== undefined) this.#catchUp(whole)
    else if (this.#response.writableLength > BACKLOG) this.#behind = Date.now()
    else this.#response.write(text)
  }

  get isBehind(): boolean {
    return this.#behind !== undefined
  }

  #catchUp(whole: () => string): void {
    if (this.#response.writableLength === 0) {
      this.#behind = undefined
      this.#response.write(whole())
    } else if (Date.now() - (this.#behind ?? 0) > LONGEST_STALL) this.#response.destroy()
  }
}
