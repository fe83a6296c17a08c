/**
 * Whether a failure with this HTTP status leaves open if the request was carried out: a proxy may have given up on a
 * server that carries it out all the same. With any other status below 500 nothing was done.
 */
export const isIndeterminateStatus = (status: number): boolean =>
  status === 408 || (status >= 500 && status !== 501)

/** What a server says in the body of a failure, for one line of ours: a page of a proxy says nothing to us. */
export const oneLine = (body: string): string =>
  /^\s*</.test(body) ? '' : body.replace(/\s+/g, ' ').trim().slice(0, 200)
