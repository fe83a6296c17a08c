import { decoded, malformed } from './endpoint.ts'

/** Codes that say that there is nothing at a path; others only say that it could not be seen. */
export const absences: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR'])

/**
 * The path of `unix:///path` or `file:///path`. Not taken from the URL class, which would drop `..` segments
 * although they mean something else behind a symbolic link.
 * @throws UsageError where there is none.
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
