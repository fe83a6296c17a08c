import swagger from '@fastify/swagger'
import type { FastifyInstance, FastifySchema } from 'fastify'
import Type from 'typebox'
import type { ServerContext } from '../context.ts'
import { openapi } from './support/openapi.ts'

/** Collects the descriptions of all routes that are registered from now on, for `/_openapi.json`. */
export const openapiRoute = async (
  app: FastifyInstance,
  { version }: ServerContext,
): Promise<void> => {
  await app.register(swagger, {
    // Routes without a tag are for rdv itself, or refuse a method.
    hideUntagged: true,
    exposeHeadRoutes: true,
    openapi: {
      openapi: '3.0.3',
      info: {
        title: 'rendezvous',
        version,
        description: 'Locks, elections, signals, barriers and topics over HTTP.',
      },
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
      security: [{ token: [] }, {}],
    },
    transform: ({ schema, url, route }) => ({
      schema: schema && route.method === 'HEAD' ? withoutBodies(schema) : schema,
      url: named(url, schema?.params),
    }),
  })
  const answers = { 200: Type.Object({}, { description: 'An OpenAPI 3 document.' }) }
  const summary = 'Describes the requests of this server.'
  app.get('/_openapi.json', openapi({ tag: 'server', scope: 'any', summary, answers }), async () =>
    app.swagger(),
  )
}

/** HEAD gets the same status and headers as GET, but no body. */
const withoutBodies = (schema: FastifySchema): FastifySchema => {
  const answers = Object.entries((schema.response ?? {}) as Record<string, { description: string }>)
  return {
    ...schema,
    response: Object.fromEntries(
      answers.map(([status, { description }]) => [status, { type: 'null', description }]),
    ),
  }
}

/** Replaces the router's `*` by names for a reader. */
const named = (url: string, params: unknown): string => {
  const { properties = {} } = (params ?? {}) as { properties?: object }
  const names = Object.keys(properties).map((name) => `:${name}`)
  return url.replace('*', names.join('/'))
}
