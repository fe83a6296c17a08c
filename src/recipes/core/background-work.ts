/** What still goes on beside: sessions that are to be ended, and whose store does not answer. */
const backgroundWork = new Set<Promise<void>>()

/** Lets a promise that never rejects go on beside. */
export const finishInBackground = (promise: Promise<void>): void => {
  backgroundWork.add(promise)
  void promise.finally(() => backgroundWork.delete(promise))
}

/** Resolves when nothing goes on beside any more; `undefined`: nothing does. */
export const backgroundWorkDone = (): Promise<unknown> | undefined =>
  backgroundWork.size > 0 ? Promise.all(backgroundWork) : undefined
