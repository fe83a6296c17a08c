/**
 * By the signal of a call, what is to be told once that call waits: for a change, or before it tries again. Until then
 * its deadline may be put off, so that a slow machine still gets an answer.
 */
const marks = new WeakMap<AbortSignal, () => void>()

/** Has `mark` called when the call of this signal waits. */
export const whenWaiting = (signal: AbortSignal, mark: () => void): void => {
  marks.set(signal, mark)
}

/** The call waits from now on. */
export const nowWaiting = (signal: AbortSignal | undefined): void => {
  if (signal) marks.get(signal)?.()
}

/** As AbortSignal.any. Who waits with it, waits with each of them. */
export const eitherSignal = (...signals: readonly AbortSignal[]): AbortSignal => {
  const either = AbortSignal.any([...signals])
  if (signals.some((signal) => marks.has(signal)))
    whenWaiting(either, () => signals.forEach(nowWaiting))
  return either
}
