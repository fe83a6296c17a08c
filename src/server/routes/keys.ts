import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { UsageError } from '../../base/errors.ts'
import { clear } from '../../recipes/clear.ts'
import { checkGroup, checkKey } from '../../recipes/core/keys.ts'
import { keyIn, type Namespace } from '../../recipes/core/namespace.ts'
import { READY, signal } from '../../recipes/signal.ts'
import type { Condition } from '../../recipes/wait/condition.ts'
import { groupCondition, keyCondition } from '../../recipes/wait/signal-condition.ts'
import { actingFor, clientOf } from '../activity/client.ts'
import type { ServerContext } from '../context.ts'
import { parseRequestTarget, type RequestTarget } from '../http/request-target.ts'
import { OK } from '../http/responses.ts'
import { IMMEDIATE } from '../waits/handle-wait.ts'
import { WaitingRequest } from '../waits/waiting-request.ts'
import { KEY_REQUESTS } from './support/key-requests.ts'
import { openapi } from './support/openapi.ts'
import { readParameters, type Values } from './support/parameters.ts'

const ROUTE = '/*'

/** The response for a path that begins with an underscore and is not a route of the server. */
export const RESERVED = { ok: false, error: "Keys starting with '_' are reserved" } as const

interface Wanted {
  readonly name: string
  readonly condition: () => Condition
  /** For a group: the number of members that it needs, if the request gives one. */
  readonly needs?: number | undefined
}

/** Runs before any other part of the request is checked. */
const onRequest = async ({ url }: FastifyRequest, reply: FastifyReply) => {
  if (parseRequestTarget(url).path.startsWith('_')) return reply.code(404).send(RESERVED)
}

/** `GET`, `PUT`, `POST` and `DELETE` of `/KEY`; `GET /GROUP/`. */
export const keyRoutes = (app: FastifyInstance, context: ServerContext): void => {
  const handler = async (request: FastifyRequest, reply: FastifyReply) => {
    const target = parseRequestTarget(request.url)
    if (target.path === '') return reply.callNotFound()
    if (isRead(request.method)) return waitForKey(context, target, request, reply)
    await (request.method === 'DELETE' ? remove : set)(context, target, request)
    return OK
  }
  for (const method of ['GET', 'PUT', 'POST', 'DELETE'] as const)
    app.route({ method, url: ROUTE, ...openapi(KEY_REQUESTS[method]), onRequest, handler })
}

/** HEAD waits as GET does, and gets the same status. */
const isRead = (method: string): boolean => method === 'GET' || method === 'HEAD'

const waitForKey = (
  context: ServerContext,
  { path, query }: RequestTarget,
  request: FastifyRequest,
  reply: FastifyReply,
): void => {
  const values = readParameters(query, KEY_REQUESTS.GET.parameters)
  const { timeout = context.timeout, state, by } = values
  const { name, condition, needs } = wanted(context, path, values)
  const target = state === undefined ? path : `${path}=${state.join(',')}`
  const awaited = path.endsWith('/') ? path : `${path}=${state?.join(',') ?? READY}`
  const detail = needs === undefined ? undefined : { needs }
  const waiter = clientOf(request, by)
  const about = { target, signal: awaited, shared: name, waiter, detail }
  const { method } = request
  const response = reply.raw
  context.open.hold(response, () => {
    const shared = context.shared.of(name, condition)
    const wait = context.waits.begin(`/${path}`, about)
    const waiting = new WaitingRequest({ context, response, method, wait, shared, route: ROUTE })
    shared.add(waiting, timeout)
    return waiting
  })
  reply.hijack()
}

/** Returns the condition to wait for, and a name that is the same for all requests with this condition. */
const wanted = (
  { namespace }: ServerContext,
  path: string,
  {
    state: states,
    'fail-state': failStates,
    min,
    ready,
  }: Values<typeof KEY_REQUESTS.GET.parameters>,
): Wanted => {
  const opened = async () => namespace
  const accepted = { states, failStates }
  const size = { min, ready }
  const name = JSON.stringify([path, accepted, size])
  if (path.endsWith('/')) {
    checkGroup(path)
    const needs = size.ready ?? size.min
    return { name, needs, condition: () => groupCondition(opened, path, accepted, size) }
  }
  checkKey(path)
  if ((min ?? ready) !== undefined)
    throw new UsageError('min and ready apply to groups only: add a trailing slash')
  return { name, condition: () => keyCondition(opened, path, path, accepted) }
}

const set = async (
  context: ServerContext,
  { path, query }: RequestTarget,
  request: FastifyRequest,
): Promise<void> => {
  const { state, expire, by } = readParameters(query, KEY_REQUESTS.PUT.parameters)
  const namespace = written(context, path, request, by)
  await signal(namespace, path, state, { expire: expire || undefined, ...IMMEDIATE })
}

const remove = async (
  context: ServerContext,
  { path, query }: RequestTarget,
  request: FastifyRequest,
): Promise<void> => {
  const { by } = readParameters(query, KEY_REQUESTS.DELETE.parameters)
  await clear(written(context, path, request, by), [path], IMMEDIATE)
}

/** Notes that a client is about to write a key, and returns the namespace for the write. */
const written = (
  { namespace, activity }: ServerContext,
  path: string,
  request: FastifyRequest,
  name: string | undefined,
): Namespace => {
  if (path.endsWith('/'))
    throw new UsageError('a group cannot be written: leave out the trailing slash to write a key')
  const by = clientOf(request, name)
  activity.writing([keyIn(namespace, 'signal', path)], by)
  return actingFor(namespace, by)
}
