import type { Socket } from 'node:net'

/**
 * Data that flows one way through a proxied connection. `end` and `reset` close the connection to the target in the
 * same way.
 */
type Piece = Buffer | 'end' | 'reset'

/** How the proxy treats all data at the moment. */
export interface Weather {
  /** Whether no data flows. The data is kept. */
  readonly held: boolean
  /** Milliseconds between the arrival of data and its delivery. */
  readonly delay: number
}

/** One direction of a proxied connection. */
export interface Direction {
  /** Delivers the data that may flow now. Call it when the weather has changed. */
  flush(): void
}

const deliver = (piece: Piece, source: Socket, target: Socket): void => {
  if (piece === 'end') target.end()
  else if (piece === 'reset') target.destroy()
  else if (!target.destroyed && !target.write(piece)) {
    source.pause()
    target.once('drain', () => source.resume())
  }
}

/**
 * Carries bytes from source to target as the weather allows. `accept` is called with each piece before its delivery;
 * the pieces that it refuses are dropped.
 */
export const direct = (
  source: Socket,
  target: Socket,
  weather: Weather,
  accept: (bytes: Buffer) => boolean,
): Direction => {
  const waiting: { piece: Piece; due: number }[] = []
  let timer: NodeJS.Timeout | undefined

  const flush = (): void => {
    clearTimeout(timer)
    for (let next = waiting[0]; next && !weather.held; next = waiting[0]) {
      const early = next.due - performance.now()
      if (early > 0) {
        timer = setTimeout(flush, early)
        return
      }
      waiting.shift()
      if (typeof next.piece === 'string' || accept(next.piece)) deliver(next.piece, source, target)
    }
  }

  const arrive = (piece: Piece): void => {
    waiting.push({ piece, due: performance.now() + weather.delay })
    flush()
  }

  source.on('data', arrive)
  source.on('end', () => arrive('end'))
  source.on('error', () => arrive('reset'))

  return { flush }
}
