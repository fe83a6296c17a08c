/**
 * Whether a failure with this HTTP status leaves open whether the request was carried out: a proxy may have given up on
 * a server that still carries it out. Any other status of a failure means that nothing was done.
 */
export const isIndeterminateStatus = (status: number): boolean =>
  status === 408 || (status >= 500 && status !== 501)

/** The text of a server's failure, shortened for one line. Empty for an HTML page, which a proxy may send. */
export const oneLine = (body: string): string =>
  /^\s*</.test(body) ? '' : body.replace(/\s+/g, ' ').trim().slice(0, 200)
