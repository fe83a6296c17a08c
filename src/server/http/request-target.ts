import { UsageError } from '../../base/errors.ts'

/** The path and the query of a request. */
export interface RequestTarget {
  /** Percent-decoded, without the leading slash. */
  readonly path: string
  /** The text behind the question mark, as sent. */
  readonly query: string
}

/** @throws UsageError if the path is not percent-encoded UTF-8. */
export const parseRequestTarget = (url: string): RequestTarget => {
  const [path = '', query = ''] = url.split(/\?(.*)/s)
  try {
    return { path: decodeURIComponent(path).slice(1), query }
  } catch {
    throw new UsageError('the path has a stray %: write it as %25')
  }
}
