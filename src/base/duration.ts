import { UsageError } from './errors.ts'
import { printable } from './redact.ts'

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }

/**
 * Parses a duration to milliseconds: `500ms`, `30s`, `1m30s`, `1h`, or a bare number of seconds; `0` means no limit.
 * @throws UsageError for anything else. The message calls the value `what`.
 */
export const parseDuration = (text: string, what: string): number => {
  const bare = /^\d+(\.\d+)?$/.test(text) ? Number(text) * 1_000 : undefined
  const length = Math.round(bare ?? sumOfParts(text))
  if (!Number.isSafeInteger(length)) {
    const shown = printable(JSON.stringify(text.slice(0, 40)))
    throw new UsageError(`${what} ${shown} is not a duration: write 500ms, 30s, 1m30s or 1h`)
  }
  return length
}

/** A duration in its short form: `200ms`, `5s`. */
export const formatDuration = (milliseconds: number): string =>
  milliseconds < 1000 ? `${milliseconds}ms` : `${milliseconds / 1000}s`

const sumOfParts = (text: string): number => {
  if (!/^(\d+(\.\d+)?(ms|s|m|h))+$/.test(text)) return Number.NaN
  const parts = text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)
  return [...parts].reduce(
    (sum, [, number, unit = '']) => sum + Number(number) * (UNITS[unit] ?? 0),
    0,
  )
}
