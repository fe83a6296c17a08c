import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { UsageError } from '../../errors.ts'
import { clear } from '../../recipes/clear.ts'
import { checkGroup, checkKey } from '../../recipes/keys.ts'
import { READY, signal } from '../../recipes/signal.ts'
import { keyIn } from '../../recipes/space.ts'
import type { Condition } from '../../recipes/wait/condition.ts'
import { groupCondition, keyCondition } from '../../recipes/wait/signal-condition.ts'
import { clientOf, onBehalfOf } from '../activity/client.ts'
import { AT_ONCE } from '../answer-wait.ts'
import { OK } from '../answers.ts'
import type { ServerContext } from '../context.ts'
import { described } from '../described.ts'
import { KEY_REQUESTS } from '../key-requests.ts'
import { parseRequestTarget, type RequestTarget } from '../request-target.ts'
import { WaitingRequest } from '../waiting-request.ts'

const ROUTE = '/*'

const RESERVED = { ok: false, error: "Keys starting with '_' are reserved" } as const

interface Wanted {
  readonly name: string
  readonly condition: () => Condition
  /** Of a group that needs more ready members than it may have. */
  readonly needs?: number | undefined
}

/** `GET`, `PUT`, `POST` and `DELETE` of `/KEY`; `GET /GROUP/`. */
export const keyRoutes = (app: FastifyInstance, context: ServerContext): void => {
  const handler = async (request: FastifyRequest, reply: FastifyReply) => {
    const target = parseRequestTarget(request.url)
    if (target.path === '') return reply.callNotFound()
    if (target.path.startsWith('_')) return reply.code(404).send(RESERVED)
    if (request.method === 'GET') return waitForKey(context, target, request, reply)
    await change(context, target, request)
    return OK
  }
  for (const method of ['GET', 'PUT', 'POST', 'DELETE'] as const)
    app.route({ method, url: ROUTE, ...described(KEY_REQUESTS[method]), handler })
}

const waitForKey = (
  context: ServerContext,
  { path, query }: RequestTarget,
  request: FastifyRequest,
  reply: FastifyReply,
): void => {
  const { name, condition, needs } = wanted(context, { path, query })
  const timeout = query.duration('timeout') ?? context.timeout
  const states = query.text('state')
  const target = states === undefined ? path : `${path}=${states}`
  const awaited = path.endsWith('/') ? path : `${path}=${states ?? READY}`
  const waiter = clientOf(request)
  const detail = needs === undefined ? undefined : { needs }
  const about = { target, signal: awaited, shared: name, waiter, detail }
  const response = reply.raw
  context.open.hold(response, () => {
    const shared = context.shared.of(name, condition)
    const wait = context.waits.begin(`/${path}`, about)
    const waiting = new WaitingRequest({ context, response, wait, shared, route: ROUTE })
    shared.add(waiting, timeout)
    return waiting
  })
  reply.hijack()
}

/** What is waited for, and a name that all have who wait for the same. */
const wanted = ({ space }: ServerContext, { path, query }: RequestTarget): Wanted => {
  const opened = async () => space
  const accepted = { states: query.list('state'), failStates: query.list('fail-state') }
  const size = { min: query.count('min'), ready: query.count('ready') }
  const name = JSON.stringify([path, accepted, size])
  if (path.endsWith('/')) {
    checkGroup(path)
    const needs = size.ready ?? size.min
    return { name, needs, condition: () => groupCondition(opened, path, accepted, size) }
  }
  checkKey(path)
  return { name, condition: () => keyCondition(opened, path, path, accepted) }
}

const change = async (
  { space, activity }: ServerContext,
  { path, query }: RequestTarget,
  request: FastifyRequest,
): Promise<void> => {
  if (path.endsWith('/'))
    throw new UsageError('only single keys are written: leave out the trailing slash')
  activity.writing([keyIn(space, 'signal', path)], request)
  if (request.method === 'DELETE') return clear(space, [path], AT_ONCE)
  const expire = query.duration('expire') || undefined
  await signal(onBehalfOf(request, space), path, query.text('state'), { expire, ...AT_ONCE })
}
