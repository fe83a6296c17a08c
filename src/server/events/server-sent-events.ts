/** How Server-Sent Events are written, to whoever follows. */
export const SSE = {
  contentType: 'text/event-stream',
  /** A proxy may cut a stream on which nothing comes: a comment comes at least so often (milliseconds). */
  heartbeatEvery: 15_000,
  heartbeat: ': heartbeat\n\n',
} as const

interface SentEvent {
  /** Where to go on after it. */
  readonly id?: string | undefined
  /** Without a name it is a `message`. */
  readonly name?: string | undefined
  /** Without data there is only the id. No carriage returns: they would come out as line feeds. */
  readonly data?: string | undefined
}

/** One event as it is sent. */
export const sentEvent = ({ id, name, data }: SentEvent): string => {
  const lines = [
    ...(id === undefined ? [] : [`id: ${id}`]),
    ...(name === undefined ? [] : [`event: ${name}`]),
    ...(data === undefined ? [] : data.split('\n').map((line) => `data: ${line}`)),
  ]
  return `${lines.join('\n')}\n\n`
}
