import { curl } from '../curl.ts'

/** Somebody who uses the server rightly meanwhile. */
export interface Neighbour {
  /** Stops, and tells the statuses of all answers. */
  stop(): Promise<ReadonlySet<number>>
}

/** Asks for a key that is ready, again and again. */
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
