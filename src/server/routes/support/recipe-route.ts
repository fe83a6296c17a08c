import type { FastifyInstance, FastifyReply, FastifyRequest, HTTPMethods } from 'fastify'
import { checkKey } from '../../../recipes/core/keys.ts'
import { scopeOf } from '../../access/scope.ts'
import { parseRequestTarget } from '../../http/request-target.ts'
import { openapi, type RouteDescription } from './openapi.ts'
import { type Parameters, readParameters, type Values } from './parameters.ts'

/** A request for an object of a recipe, which has a name. */
interface RecipeRequest<P extends Parameters> {
  readonly name: string
  /** The path with the leading slash, as waits are listed. */
  readonly path: string
  readonly values: Values<P>
  readonly request: FastifyRequest
  readonly reply: FastifyReply
}

interface ActionOptions<P extends Parameters>
  extends Omit<RouteDescription, 'tag' | 'path' | 'scope'> {
  readonly method: 'GET' | 'POST' | 'PUT'
  readonly parameters: P
  handle(request: RecipeRequest<P>): Promise<unknown>
}

/** The handler of one method, with its description. */
type Action = Omit<ActionOptions<Parameters>, 'handle'> & {
  handle(request: FastifyRequest, reply: FastifyReply, name: string, path: string): Promise<unknown>
}

/** Makes an action that reads the parameters before it does anything else. */
export const action = <P extends Parameters>({ handle, ...rest }: ActionOptions<P>): Action => ({
  ...rest,
  handle: async (request, reply, name, path) => {
    const [, query = ''] = request.url.split(/\?(.*)/s)
    return handle({ name, path, request, reply, values: readParameters(query, rest.parameters) })
  },
})

/** Adds the routes of one recipe: `/_counter/NAME`. Methods without an action are refused. */
export const recipeRoutes = (
  app: FastifyInstance,
  kind: string,
  what: string,
  actions: readonly Action[],
): void => {
  const url = `/_${kind}/*`
  for (const { method, handle, ...description } of actions) {
    const path = { name: `Name of the ${what}, such as deploy/node1.` }
    app.route({
      ...openapi({ tag: kind, path, scope: scopeOf(method), ...description }),
      method,
      url,
      handler: async (request, reply) => {
        const { path } = parseRequestTarget(request.url)
        return handle(request, reply, checkKey(path.slice(kind.length + 2), what), `/${path}`)
      },
    })
  }
  refuseOthers(
    app,
    url,
    actions.map(({ method }) => method),
  )
}

/** Without these routes, the other methods would be requests for keys. */
const refuseOthers = (app: FastifyInstance, url: string, actions: readonly HTTPMethods[]): void => {
  const allowed: readonly string[] = actions.includes('GET') ? [...actions, 'HEAD'] : actions
  app.route({
    method: app.supportedMethods.filter((one) => !allowed.includes(one)),
    url,
    config: { scope: 'any', refuses: true },
    handler: (_request, reply) => reply.callNotFound(),
  })
}
