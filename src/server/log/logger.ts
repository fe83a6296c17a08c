import { describe } from '../../base/errors.ts'
import { printable, redact } from '../../base/redact.ts'

type Level = 'info' | 'warn' | 'error'

/** What belongs to a line. Errors are told by their message. */
type Fields = Readonly<Record<string, unknown>>

/** Where the server tells what happens to it. */
export type Log = Readonly<Record<Level, (message: string, fields?: Fields) => void>>

export const LOG_FORMATS = ['text', 'json'] as const

export interface LogOptions {
  readonly format: (typeof LOG_FORMATS)[number]
  /** Only errors. */
  readonly quiet?: boolean
  /** Takes a line with its end. */
  readonly write: (line: string) => void
}

/**
 * A log of one line for each event: as JSON an object with `time`, `level`, `message` and the fields; as text the same, the
 * fields as `name=value`. No secret of a URL is in it, and nothing that a terminal would obey.
 */
export const createLog = ({ format, quiet, write }: LogOptions): Log => {
  const toLine = format === 'json' ? toJson : toText
  const at =
    (level: Level) =>
    (message: string, fields: Fields = {}) => {
      if (quiet && level !== 'error') return
      const time = new Date().toISOString()
      const plain = Object.entries(fields).map(([name, value]) => [name, clean(value)] as const)
      write(`${toLine(time, level, clean(message) as string, plain)}\n`)
    }
  return { info: at('info'), warn: at('warn'), error: at('error') }
}

type Line = (
  time: string,
  level: Level,
  message: string,
  fields: readonly (readonly [string, unknown])[],
) => string

const toJson: Line = (time, level, message, fields) =>
  JSON.stringify({ time, level, message, ...Object.fromEntries(fields) })

const toText: Line = (time, level, message, fields) =>
  [time, level, message, ...fields.map(([name, value]) => `${name}=${quoted(value)}`)].join(' ')

const quoted = (value: unknown): string => {
  const text = String(value)
  return /^[^\s"=]+$/.test(text) ? text : JSON.stringify(text)
}

const clean = (value: unknown): unknown => {
  if (value instanceof Error) return printable(redact(describe(value)))
  return typeof value === 'string' ? printable(redact(value)) : value
}
