import Type, { type TSchema } from 'typebox'
import { parseDuration } from '../../../base/duration.ts'
import { UsageError } from '../../../base/errors.ts'
import { redact } from '../../../base/redact.ts'
import { parseCount, parseNumber, parsePositiveDuration, parseWords } from '../../../base/values.ts'

/** A parameter of a request: its description and its parser. */
export interface Parameter<T> {
  readonly schema: TSchema
  /** @throws UsageError that names the parameter. */
  parse(text: string, name: string): T
}

export type Parameters = Readonly<Record<string, Parameter<unknown>>>

/** The values that a request gives for its parameters. */
export type Values<P extends Parameters> = {
  readonly [K in keyof P]?: P[K] extends Parameter<infer T> ? T : never
}

/** A duration in milliseconds. 0 means no limit. */
export const duration = (description: string): Parameter<number> => ({
  schema: Type.String({ description }),
  parse: parseDuration,
})

/** A duration in milliseconds, more than 0. */
export const length = (description: string): Parameter<number> => ({
  schema: Type.String({ description }),
  parse: (text, name) => parsePositiveDuration(name)(text),
})

export const count = (description: string, least = 1): Parameter<number> => ({
  schema: Type.Integer({ minimum: least, description }),
  parse: (text, name) => parseCount(text, name, least),
})

export const number64 = (description: string): Parameter<bigint> => ({
  schema: Type.Integer({ format: 'int64', description }),
  parse: parseNumber,
})

export const text = (description: string): Parameter<string> => ({
  schema: Type.String({ minLength: 1, description }),
  parse(given, name) {
    if (given === '') throw emptyParameter(name)
    return given
  },
})

/** Words, separated by commas. */
export const words = (description: string): Parameter<string[]> => ({
  schema: Type.String({ minLength: 1, description }),
  parse: (given, name) => parseWords(given, name),
})

/** The longest name of a client, in characters. */
const MAX_NAME_LENGTH = 100

/** The name that a client gives itself. Requests that count do not take it, because their `by` is a number. */
export const named = {
  by: {
    schema: Type.String({
      minLength: 1,
      maxLength: MAX_NAME_LENGTH,
      description: 'Name of this client in listings. Default: its User-Agent.',
    }),
    parse(given, name) {
      if (given === '') throw emptyParameter(name)
      if (
        given.length > MAX_NAME_LENGTH ||
        !given.isWellFormed() ||
        /[\p{Cc}\p{Cf}]/u.test(given)
      ) {
        throw new UsageError(
          `${name} is not a name: write up to ${MAX_NAME_LENGTH} characters on one line`,
        )
      }
      return redact(given)
    },
  } satisfies Parameter<string>,
}

const emptyParameter = (name: string): UsageError =>
  new UsageError(`${name} is empty: give it a value, or leave it out`)

/** A flag: `?try` or `?try=true`. */
export const flag = (description: string): Parameter<boolean> => ({
  schema: Type.Boolean({ description }),
  parse(given, name) {
    if (!['', 'true', 'false'].includes(given)) {
      throw new UsageError(
        `${name} must be true or false, not ${JSON.stringify(given.slice(0, 40))}`,
      )
    }
    return given !== 'false'
  },
})

/**
 * Reads the query of a request.
 * @throws UsageError if a parameter is unknown, given twice or malformed.
 */
export const readParameters = <P extends Parameters>(query: string, parameters: P): Values<P> => {
  const values: Record<string, unknown> = {}
  for (const [name, given] of new URLSearchParams(query)) {
    const parameter = Object.hasOwn(parameters, name) ? parameters[name] : undefined
    if (!parameter) throw unknownParameter(name, Object.keys(parameters))
    if (Object.hasOwn(values, name)) throw new UsageError(`${name} is given twice: give it once`)
    values[name] = parameter.parse(given, name)
  }
  return values as Values<P>
}

const unknownParameter = (name: string, known: readonly string[]): UsageError => {
  const there =
    known.length === 0
      ? 'this request takes no parameters'
      : `this request takes ${known.join(', ')}`
  return new UsageError(`unknown parameter ${JSON.stringify(name.slice(0, 40))}: ${there}`)
}

/** Returns the schema of the query, for the description of a route. */
export const querystringOf = (parameters: Parameters): TSchema =>
  Type.Object(
    Object.fromEntries(
      Object.entries(parameters).map(([name, { schema }]) => [name, Type.Optional(schema)]),
    ),
  )
