/** Work that continues in the background: attempts to end a session while its store does not answer. */
const backgroundWork = new Set<Promise<void>>()

/** Lets a promise that never rejects finish in the background. */
export const finishInBackground = (promise: Promise<void>): void => {
  backgroundWork.add(promise)
  void promise.finally(() => backgroundWork.delete(promise))
}

/** Resolves when the background work is finished. `undefined` if there is none. */
export const backgroundWorkDone = (): Promise<unknown> | undefined =>
  backgroundWork.size > 0 ? Promise.all(backgroundWork) : undefined
