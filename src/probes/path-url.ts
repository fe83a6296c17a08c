import { decoded, malformed } from './endpoint.ts'

/** Error codes that mean that nothing exists at a path. Other codes mean only that the path could not be checked. */
export const absences: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR'])

/**
 * Returns the path of `unix:///path` or `file:///path`. The URL class would drop `..` segments, which have another
 * meaning behind a symbolic link, so it is not used here.
 * @throws UsageError if the URL has no usable path.
 */
export const parsePathUrl = (text: string): string => {
  const [scheme = '', rest = ''] = text.split(/:\/\/(.*)/s)
  const refuse = (problem: string) =>
    malformed(text, problem, `${scheme}:///PATH, with the characters %?# percent-encoded`)
  if (!rest.startsWith('/'))
    throw refuse(rest === '' ? 'has no path' : 'has a path that is not absolute')
  if (/[?#]/.test(rest)) throw refuse('has a query or a fragment')
  const path = decoded(rest)
  if (path === undefined || path.includes('\0')) throw refuse('is malformed')
  if (/^\/+$/.test(path)) throw refuse('has no path')
  return path
}
