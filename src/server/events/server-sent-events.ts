/** How Server-Sent Events are written. */
export const SSE = {
  contentType: 'text/event-stream',
  /** Milliseconds between two comments. A proxy may cut a stream on which no data comes. */
  heartbeatEvery: 15_000,
  heartbeat: ': heartbeat\n\n',
} as const

interface SentEvent {
  /** The id after which a client continues. */
  readonly id?: string | undefined
  /** The default name is `message`. */
  readonly name?: string | undefined
  /**
   * Without data, the event has only an id. The data must not contain carriage returns, because they would arrive as
   * line feeds.
   */
  readonly data?: string | undefined
}

/** Returns one event as it is sent. */
export const sentEvent = ({ id, name, data }: SentEvent): string => {
  const lines = [
    ...(id === undefined ? [] : [`id: ${id}`]),
    ...(name === undefined ? [] : [`event: ${name}`]),
    ...(data === undefined ? [] : data.split('\n').map((line) => `data: ${line}`)),
  ]
  return `${lines.join('\n')}\n\n`
}
