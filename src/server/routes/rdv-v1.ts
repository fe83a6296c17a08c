import type { FastifyInstance } from 'fastify'
import type { Static } from 'typebox'
import {
  type Greeting,
  HEARTBEAT,
  type Operation,
  PROTOCOL,
  type Requests,
} from '../../backends/http/protocol.ts'
import { isClaimable } from '../../backends/operations.ts'
import { clientOf } from '../activity/client.ts'
import type { ServerContext } from '../context.ts'
import { SSE } from '../events/server-sent-events.ts'
import { beginStream, LINES, onlyHead } from '../http/stream.ts'
import { epochOf } from '../protocol/epoch.ts'
import { streamEvents } from '../protocol/event-stream.ts'
import { OPERATION_SCOPES, operationsOf } from '../protocol/operations.ts'
import { ANNOUNCEMENT, REQUESTS, WATCH_QUERY } from '../protocol/schemas.ts'

/** The shortest heartbeat that a client may ask for, in milliseconds. */
const MIN_HEARTBEAT = 100

/** `/_rdv/v1`: the backend interface for `http://` clients. */
export const rdvV1Routes =
  (context: ServerContext) =>
  async (app: FastifyInstance): Promise<void> => {
    acceptJson(app, context)
    greetingRoute(app, context)
    const operations = operationsOf(context)
    for (const name of Object.keys(REQUESTS) as Operation[])
      operationRoute(app, context, operations, name)
    watchRoute(app, context)
    announceRoute(app, context)
  }

/** Base64 makes four bytes of three, and preconditions need space too. */
const acceptJson = (app: FastifyInstance, { store }: ServerContext): void => {
  const { maxCommitBytes, maxCommitOperations } = store.traits
  const bodyLimit = 2 * maxCommitBytes + 2_048 * maxCommitOperations + 65_536
  app.removeAllContentTypeParsers()
  const parse = app.getDefaultJsonParser('error', 'error')
  app.addContentTypeParser('application/json', { parseAs: 'string', bodyLimit }, parse)
}

const greetingRoute = (app: FastifyInstance, { store, version }: ServerContext): void => {
  const { traits, address } = store
  app.get('/', { config: { scope: 'any' } }, async () => {
    const greeting: Greeting = {
      protocol: PROTOCOL,
      version,
      epoch: epochOf(store),
      traits,
      address,
      claims: isClaimable(store),
    }
    return { ok: true, ...greeting }
  })
}

const operationRoute = <K extends Operation>(
  app: FastifyInstance,
  { open, activity }: ServerContext,
  operations: ReturnType<typeof operationsOf>,
  name: K,
): void => {
  // Without watches, a client does not learn that the keys of its lease were removed.
  const config = { scope: OPERATION_SCOPES[name], streams: name === 'grant' }
  const options = { schema: { body: REQUESTS[name] }, config }
  app.post(`/${name}`, options, async (request) => {
    open.admit()
    const { writes } = request.body as Partial<Requests['commit']>
    if (writes)
      activity.writing(
        writes.map(({ key }) => key),
        clientOf(request),
      )
    return { ok: true, ...(await operations[name](request.body as Requests[K], {})) }
  })
}

const watchRoute = (app: FastifyInstance, { namespace, open, keyPolicy }: ServerContext): void => {
  app.get<{ Querystring: Static<typeof WATCH_QUERY> }>(
    '/watch',
    {
      schema: { querystring: WATCH_QUERY },
      config: { scope: 'read', streams: true, parameters: ['scope', 'heartbeat'] },
    },
    async ({ query }, reply) => {
      const scope = keyPolicy.checkScope(query.scope)
      if (onlyHead(reply, LINES)) return
      const heartbeat = Math.max(
        MIN_HEARTBEAT,
        Math.min(Number(query.heartbeat ?? HEARTBEAT), HEARTBEAT),
      )
      const signal = open.begin(reply.raw)
      const events = namespace.backend.watch(scope, signal)
      await streamEvents(
        beginStream(reply, LINES),
        keyPolicy.isWide(scope) ? keyPolicy.onlyAllowedEvents(events) : events,
        heartbeat,
        signal,
      )
    },
  )
}

/** Announces a waiter as long as the connection is open. */
const announceRoute = (
  app: FastifyInstance,
  { open, keyPolicy, activity }: ServerContext,
): void => {
  app.post<{ Body: Static<typeof ANNOUNCEMENT> }>(
    '/announce',
    { schema: { body: ANNOUNCEMENT }, config: { scope: 'read', streams: true } },
    async ({ body: { namespace, waiter } }, reply) => {
      keyPolicy.checkScope(`${namespace}/waiter/`)
      const signal = open.begin(reply.raw)
      const response = beginStream(reply, LINES)
      activity.announce(namespace, waiter, signal)
      // A proxy may cut a silent connection.
      const beat = setInterval(() => response.write('\n'), SSE.heartbeatEvery)
      const end = () => {
        clearInterval(beat)
        response.end()
      }
      signal.addEventListener('abort', end, { once: true })
      if (signal.aborted) end()
    },
  )
}
