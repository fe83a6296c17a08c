import type { RouteShorthandOptions } from 'fastify'
import Type, { type TSchema } from 'typebox'
import type { RequiredScope } from '../../access/scope.ts'
import { type Parameters, querystringOf } from './parameters.ts'

/** The description of a route in `/_openapi.json`. */
export interface RouteDescription {
  readonly tag: string
  /** The scope that the request needs. */
  readonly scope: RequiredScope
  /** The scope that the request needs if a browser gets the live page instead. */
  readonly page?: RequiredScope
  readonly summary: string
  readonly description?: string
  /** Descriptions of the parts that stand for the `*` of the path, by name. */
  readonly path?: Readonly<Record<string, string>>
  readonly parameters?: Parameters
  readonly headers?: Readonly<Record<string, TSchema>>
  /** The description of the body, if the request takes one. */
  readonly body?: string
  /** By status. Failures are the same for all routes. */
  readonly answers?: Readonly<Record<number, TSchema>>
  /** The content types, if the response is not JSON. */
  readonly produces?: readonly string[]
  /** Whether the response is a stream: it has no length, and continues until a last part says how it ended. */
  readonly streams?: boolean
}

const FAILURE = Type.Object(
  {
    ok: Type.Literal(false),
    error: Type.String({ description: 'One sentence; Timeout if a wait has timed out.' }),
    kind: Type.Optional(
      Type.String({ description: 'Kind of failure, named as the exit codes of rdv.' }),
    ),
    hint: Type.Optional(Type.String({ description: 'What was missing when a wait timed out.' })),
  },
  { description: 'The request failed, or the wait timed out.' },
)

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The names of the parameters in the query. */
    parameters?: readonly string[]
  }
}

export const ok = (description: string, properties: Record<string, TSchema> = {}): TSchema =>
  Type.Object({ ok: Type.Literal(true), ...properties }, { description })

/**
 * Returns the options of a described route. The schemas describe, and check nothing: each route reads its parameters
 * itself, and can say in a sentence what is wrong.
 */
export const openapi = (description: RouteDescription): RouteShorthandOptions => ({
  schema: {
    tags: [description.tag],
    summary: description.summary,
    description: description.description,
    ...(description.path && { params: pathOf(description.path) }),
    ...(description.parameters && { querystring: querystringOf(description.parameters) }),
    ...(description.headers && { headers: optionals(description.headers) }),
    ...(description.body && {
      body: bodyOf(description.body),
      consumes: ['application/octet-stream'],
    }),
    ...(description.produces && { produces: description.produces }),
    response: {
      ...(description.answers ?? { 200: ok('The request succeeded, or the wait ended.') }),
      default: FAILURE,
    },
  },
  config: {
    scope: description.scope,
    page: description.page,
    streams: description.streams,
    parameters: Object.keys(description.parameters ?? {}),
  },
  validatorCompiler: () => () => true,
  serializerCompiler: () => JSON.stringify,
})

const pathOf = (names: Readonly<Record<string, string>>): TSchema =>
  Type.Object(
    Object.fromEntries(
      Object.entries(names).map(([name, description]) => [name, Type.String({ description })]),
    ),
  )

const optionals = (schemas: Readonly<Record<string, TSchema>>): TSchema =>
  Type.Object(
    Object.fromEntries(
      Object.entries(schemas).map(([name, schema]) => [name, Type.Optional(schema)]),
    ),
  )

const bodyOf = (description: string): TSchema => Type.String({ format: 'binary', description })
