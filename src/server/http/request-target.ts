import { UsageError } from '../../base/errors.ts'

/** What a request names. */
export interface RequestTarget {
  /** Percent-decoded, without the leading slash. */
  readonly path: string
  /** As it stands behind the question mark. */
  readonly query: string
}

/** @throws UsageError the path is not percent-encoded UTF-8. */
export const parseRequestTarget = (url: string): RequestTarget => {
  const [path = '', query = ''] = url.split(/\?(.*)/s)
  try {
    return { path: decodeURIComponent(path).slice(1), query }
  } catch {
    throw new UsageError('the path has a stray %: write it as %25')
  }
}
