/** Saves a text as a file, without a request. */
export const download = (name: string, type: string, text: string): void => {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(new Blob([text], { type }))
  link.download = name
  link.click()
  // By then the browser has taken the text, or is about to take it.
  window.setTimeout(() => URL.revokeObjectURL(link.href), 10_000)
}

/** Returns the name of a file: `rendezvous-2026-11-20T14-05-09.svg`. */
export const fileName = (now: number, suffix: string): string =>
  `rendezvous-${new Date(now).toISOString().slice(0, 19).replaceAll(':', '-')}.${suffix}`
