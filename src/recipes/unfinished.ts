/** What still goes on beside: sessions that are to be ended, and whose store does not answer. */
const unfinished = new Set<Promise<void>>()

/** Lets a promise that never rejects go on beside. */
export const finishBeside = (promise: Promise<void>): void => {
  unfinished.add(promise)
  void promise.finally(() => unfinished.delete(promise))
}

/** Resolves when nothing goes on beside any more; `undefined`: nothing does. */
export const whenFinished = (): Promise<unknown> | undefined =>
  unfinished.size > 0 ? Promise.all(unfinished) : undefined
