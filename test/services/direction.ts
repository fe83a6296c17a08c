import type { Socket } from 'node:net'

/** What flows one way through a proxied connection; `end` and `reset` close it in the same way at the target. */
type Piece = Buffer | 'end' | 'reset'

/** How the proxy treats everything that flows at the moment. */
export interface Weather {
  /** Nothing flows; it is kept. */
  readonly held: boolean
  /** Milliseconds between arriving and leaving. */
  readonly delay: number
}

/** One direction of a proxied connection. */
export interface Direction {
  /** Lets go what may flow now: to be called when the weather has changed. */
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
 * Carries bytes from source to target as the weather allows. `accept` sees each piece as it leaves; what it
 * refuses is swallowed.
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
