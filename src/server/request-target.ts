import { parseDuration } from '../duration.ts'
import { UsageError } from '../errors.ts'
import { printable } from '../redact.ts'

/** What a request names. */
export interface RequestTarget {
  /** Percent-decoded, without the leading slash. */
  readonly path: string
  readonly query: Query
}

/** @throws UsageError the path is not percent-encoded UTF-8. */
export const parseRequestTarget = (url: string): RequestTarget => {
  const [path = '', query = ''] = url.split(/\?(.*)/s)
  try {
    return { path: decodeURIComponent(path).slice(1), query: new Query(query) }
  } catch {
    throw new UsageError('the path has a stray %: write it as %25')
  }
}

/** The parameters after the question mark. Unknown ones are ignored, as web-rendezvous ignored all. */
class Query {
  readonly #parameters: URLSearchParams

  constructor(text: string) {
    this.#parameters = new URLSearchParams(text)
  }

  text(name: string): string | undefined {
    return this.#parameters.get(name) || undefined
  }

  /** Separated by commas. */
  list(name: string): string[] | undefined {
    return this.text(name)?.split(',')
  }

  /** Milliseconds. @throws UsageError it is no duration. */
  duration(name: string): number | undefined {
    const text = this.text(name)
    return text === undefined ? undefined : parseDuration(text, name)
  }

  /** @throws UsageError it is no whole number. */
  count(name: string): number | undefined {
    const text = this.text(name)
    if (text === undefined) return undefined
    if (!/^\d{1,9}$/.test(text))
      throw new UsageError(`${name}=${printable(text.slice(0, 40))} is no whole number`)
    return Number(text)
  }
}
