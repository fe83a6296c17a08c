/**
 * The function to call once a call waits for a change or before another attempt, by the signal of the call. Until then the
 * deadline may be extended, so that a slow machine gets a first answer.
 */
const marks = new WeakMap<AbortSignal, () => void>()

/** Registers the function that is called when the call with this signal begins to wait. */
export const whenWaiting = (signal: AbortSignal, mark: () => void): void => {
  marks.set(signal, mark)
}

/** Notes that the call with this signal begins to wait. */
export const nowWaiting = (signal: AbortSignal | undefined): void => {
  if (signal) marks.get(signal)?.()
}

/** As `AbortSignal.any`. A call that waits with the new signal waits with each of `signals`. */
export const eitherSignal = (...signals: readonly AbortSignal[]): AbortSignal => {
  const either = AbortSignal.any([...signals])
  if (signals.some((signal) => marks.has(signal)))
    whenWaiting(either, () => signals.forEach(nowWaiting))
  return either
}
