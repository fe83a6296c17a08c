import type { RequestListener, Server } from 'node:http'
import fastify, { type FastifyInstance, type FastifyReply } from 'fastify'
import { BASE } from '../backends/http/protocol.ts'
import { authorize } from './access/authorize.ts'
import type { ServerContext } from './context.ts'
import { answerMalformed } from './http/http-server.ts'
import { Methods } from './http/methods.ts'
import { refuseOldHttp } from './http/old-http.ts'
import { oneAfterTheOther } from './http/pipelining.ts'
import { type Failure, failureOf, refused } from './http/responses.ts'
import { refuseUnexpectedInput } from './http/unexpected-input.ts'
import { logAccess } from './log/access-log.ts'
import type { Log } from './log/logger.ts'
import { activityRoutes } from './routes/activity.ts'
import { healthRoute } from './routes/health.ts'
import { homeRoute } from './routes/home.ts'
import { keyRoutes, RESERVED } from './routes/keys.ts'
import { metricsRoute } from './routes/metrics.ts'
import { openapiRoute } from './routes/openapi.ts'
import { pageRoute } from './routes/page.ts'
import { probeRoutes } from './routes/probes.ts'
import { rdvV1Routes } from './routes/rdv-v1.ts'
import { recipesRoutes } from './routes/recipes.ts'

/** The largest body, in bytes, on routes that set no limit of their own. */
const BODY_LIMIT = 1_048_576

/** A percent-encoded key of 1 KiB is three times as long. */
const MAX_PATH_LENGTH = 4_096

export interface AppLogs {
  /** Gets a line for every request. */
  readonly accessLog?: Log | undefined
}

/** Creates the routes on a server that is not listening yet. */
export const createApp = async (
  context: ServerContext,
  serverFactory: (handler: RequestListener) => Server,
  { accessLog }: AppLogs,
): Promise<FastifyInstance> => {
  const app = fastify({
    serverFactory,
    clientErrorHandler: answerMalformed,
    frameworkErrors: (_error, _request, reply) => send(reply as FastifyReply, malformedPath()),
    bodyLimit: BODY_LIMIT,
    exposeHeadRoutes: true,
    return503OnClosing: false,
    routerOptions: { maxParamLength: MAX_PATH_LENGTH },
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false } },
  })
  if (accessLog) logAccess(app, accessLog)
  refuseUnexpectedInput(app)
  oneAfterTheOther(app)
  authorize(app, context)
  refuseOldHttp(app)
  closeAtEnd(app, context)
  answerFailures(app, context)
  await openapiRoute(app, context)
  metricsRoute(app, context)
  activityRoutes(app, context)
  await app.register(rdvV1Routes(context), { prefix: BASE })
  pageRoute(app)
  for (const route of [healthRoute, homeRoute, probeRoutes, recipesRoutes, keyRoutes])
    route(app, context)
  await app.ready()
  return app
}

/** A stopping server does not wait for further requests on a connection. */
const closeAtEnd = (app: FastifyInstance, { open }: ServerContext): void => {
  app.addHook('onSend', async (_request, reply) => {
    if (open.ended) reply.header('connection', 'close')
  })
}

const answerFailures = (app: FastifyInstance, { report }: ServerContext): void => {
  app.setErrorHandler((error, _request, reply) => {
    const failure = failureOf(error)
    if (failure.body.kind === 'internal') report(error)
    return send(reply, failure)
  })
  const methods = new Methods(app)
  // A path that does not begin with an underscore always has a route, but maybe not for this method.
  app.setNotFoundHandler(({ url }, reply) => {
    const allowed = methods.of(url)
    if (allowed === '') return reply.code(404).send(RESERVED)
    return send(
      reply.header('allow', allowed),
      refused(405, `method not allowed: use one of ${allowed}`),
    )
  })
}

const malformedPath = (): Failure => refused(400, 'the path is malformed: write % as %25')

const send = (reply: FastifyReply, { status, body }: Failure): FastifyReply =>
  reply.code(status).send(body)
