/** What is in a file that somebody may replace, read again at each call: what was read before, where that fails. */
export const reloading = <T>(first: T, read: () => T): (() => T) => {
  let last = first
  return () => {
    try {
      last = read()
    } catch {
      // It is there again later.
    }
    return last
  }
}
