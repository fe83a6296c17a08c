/** One event of a stream of Server-Sent Events. */
export interface StreamEvent {
  readonly event: string
  readonly data: string
}

/** Parses the text of a stream, which arrives in pieces, and returns the complete events. */
export class EventStreamParser {
  #rest = ''
  #event = ''
  #data: string[] = []

  push(text: string): StreamEvent[] {
    // A carriage return at the very end may be the first half of a line ending.
    const lines = (this.#rest + text).split(/\r\n|\n|\r(?!$)/)
    this.#rest = lines.pop() ?? ''
    return lines.flatMap((line) => this.#line(line) ?? [])
  }

  #line(line: string): StreamEvent | undefined {
    if (line === '') return this.#dispatch()
    const [, field, value = ''] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? []
    if (field === 'event') this.#event = value
    if (field === 'data') this.#data.push(value)
    return undefined
  }

  #dispatch(): StreamEvent | undefined {
    const event = { event: this.#event || 'message', data: this.#data.join('\n') }
    const empty = this.#data.length === 0
    this.#event = ''
    this.#data = []
    return empty ? undefined : event
  }
}

/**
 * Yields the events of a response's body, until the body ends. `heard` is called for all data that arrives, even if it
 * completes no event.
 */
export async function* readEvents(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  heard: () => void,
): AsyncGenerator<StreamEvent> {
  const parser = new EventStreamParser()
  for await (const text of body.pipeThrough(new TextDecoderStream())) {
    heard()
    yield* parser.push(text)
  }
}
