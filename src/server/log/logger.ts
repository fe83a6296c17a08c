import { describe } from '../../base/errors.ts'
import { printable, redact } from '../../base/redact.ts'

type Level = 'info' | 'warn' | 'error'

/** The fields of a line. An error is shown by its message. */
type Fields = Readonly<Record<string, unknown>>

/** The log of a server. */
export type Log = Readonly<Record<Level, (message: string, fields?: Fields) => void>>

export const LOG_FORMATS = ['text', 'json'] as const

export interface LogOptions {
  readonly format: (typeof LOG_FORMATS)[number]
  /** Whether only errors are logged. */
  readonly quiet?: boolean
  /** Gets each line, with its line feed. */
  readonly write: (line: string) => void
}

/**
 * Creates a log of one line for each event. As JSON, a line is an object with `time`, `level`, `message` and the
 * fields. As text, a line has the same parts, with the fields as `name=value`. The log contains no secret of a URL, and
 * no control characters that a terminal would obey.
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
