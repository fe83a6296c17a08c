/**
 * Calls `act` once when the signal aborts, or at once if it has already aborted. Returns a function that cancels this.
 */
export const onAbort = (signal: AbortSignal, act: () => void): (() => void) => {
  if (signal.aborted) act()
  else signal.addEventListener('abort', act, { once: true })
  return () => signal.removeEventListener('abort', act)
}

/**
 * Settles as `work` does, or rejects with the signal's reason as soon as it aborts. Later results of `work` are
 * ignored.
 */
export const untilAborted = async <T>(signal: AbortSignal, work: Promise<T>): Promise<T> => {
  const { promise: aborting, reject } = Promise.withResolvers<never>()
  const undo = onAbort(signal, () => reject(signal.reason))
  try {
    return await Promise.race([aborting, work])
  } finally {
    undo()
  }
}

/**
 * Rejects with the signal's reason when it aborts. The listener is never removed, so the signal must not outlive the
 * wait.
 */
export const aborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => onAbort(signal, () => reject(signal.reason)))
