/** How long (milliseconds) an interrupt leaves the reader of stdout to take what was written. */
const PATIENCE = 500

/**
 * Writes to stdout, and resolves once the system has all of it: a slow reader is waited for, and after an interrupt
 * it is given a moment.
 */
export const writeOut = async (bytes: string | Uint8Array, signal: AbortSignal): Promise<void> => {
  const { promise: ended, reject: giveUp } = Promise.withResolvers<never>()
  let timer: NodeJS.Timeout | undefined
  const hurry = () => {
    timer = setTimeout(() => giveUp(signal.reason), PATIENCE)
  }
  if (signal.aborted) hurry()
  else signal.addEventListener('abort', hurry, { once: true })
  try {
    await Promise.race([written(bytes), ended])
  } catch (error) {
    if (error === signal.reason) leaveUnread()
    throw error
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', hurry)
  }
}

const written = (bytes: string | Uint8Array): Promise<void> =>
  new Promise((resolve, reject) => {
    process.stdout.write(bytes, (error) => (error ? reject(error) : resolve()))
  })

/** What nobody reads would keep the process for ever: it ends as soon as it is known with which exit code. */
const leaveUnread = (): void => {
  const look = () => process.exitCode !== undefined && process.exit()
  setInterval(look, 20).unref()
}
