import { curl } from '../curl.ts'

/** A client that uses the server correctly at the same time. */
export interface Neighbour {
  /** Stops, and returns the statuses of all answers. */
  stop(): Promise<ReadonlySet<number>>
}

/** Requests a key that is ready, again and again. */
export const neighbour = (url: string, ...args: string[]): Neighbour => {
  const statuses = new Set<number>()
  let stopped = false
  const asking = (async () => {
    do statuses.add((await curl('--max-time', '10', ...args, url)).status)
    while (!stopped)
  })()
  return {
    async stop() {
      stopped = true
      await asking
      return statuses
    },
  }
}
