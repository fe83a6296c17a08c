/** One event of a stream of Server-Sent Events. */
export interface StreamEvent {
  readonly event: string
  readonly data: string
}

/** Takes a stream's text in pieces as they come, and gives the events that are whole. */
export class EventStreamParser {
  #rest = ''
  #event = ''
  #data: string[] = []

  push(text: string): StreamEvent[] {
    // a carriage return at the very end may be half of a line's end
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

/** The events of an answer's body, until it ends. `heard` is called with all that comes, also what is no event. */
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
