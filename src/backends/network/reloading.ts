/** For a file that may be replaced: each call reads it again. If that fails, the call returns what was read last. */
export const reloading = <T>(first: T, read: () => T): (() => T) => {
  let last = first
  return () => {
    try {
      last = read()
    } catch {
      // The last content stays in use until the file can be read again.
    }
    return last
  }
}
