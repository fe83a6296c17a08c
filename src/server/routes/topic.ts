import type { FastifyInstance, FastifyRequest } from 'fastify'
import Type from 'typebox'
import { UsageError } from '../../base/errors.ts'
import { withDeadline } from '../../recipes/core/deadline.ts'
import { checkKey } from '../../recipes/core/keys.ts'
import { behindMessage, parseFrom } from '../../recipes/topic/position.ts'
import { publish } from '../../recipes/topic/publish.ts'
import { Subscription } from '../../recipes/topic/subscription.ts'
import type { ServerContext } from '../context.ts'
import { SSE } from '../events/server-sent-events.ts'
import { delimitedBy, serverSentEvents, type TopicFormat } from '../events/topic-format.ts'
import { TopicStream } from '../events/topic-stream.ts'
import { onlyHead } from '../http/stream.ts'
import { handleWait, IMMEDIATE } from '../waits/handle-wait.ts'
import { ok } from './support/openapi.ts'
import { count, duration, flag, length, named, type Parameter, text } from './support/parameters.ts'
import { action, recipeRoutes } from './support/recipe-route.ts'

/**
 * Every body may have this many bytes, for many lines. If the store takes longer messages, a body may have as many
 * bytes.
 */
const MAX_BODY = 1_048_576

/** Bytes in memory for each subscriber that is slower than the publishers. */
const READ_AHEAD = 64 * 1_024

/** `/_topic/NAME`, whose requests have bodies. */
export const topicRoutes = (app: FastifyInstance, context: ServerContext): void => {
  const bodyLimit = Math.max(MAX_BODY, context.store.traits.maxCommitBytes)
  void app.register(async (inner) => {
    inner.removeAllContentTypeParsers()
    inner.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit }, (_request, body, done) =>
      done(null, body),
    )
    recipeRoutes(inner, 'topic', 'topic', [subscribes(context), publishes(context)])
  })
}

const publishes = ({ namespace }: ServerContext) =>
  action({
    method: 'POST',
    summary: 'Publishes the body as a message. The answer comes when it is stored.',
    body: 'Message, byte for byte; with lines or null, several messages.',
    answers: {
      200: ok('All messages are stored, in this order.', {
        count: Type.Integer(),
        first: Type.Optional(Type.String({ description: 'Id of the first message.' })),
        last: Type.Optional(Type.String({ description: 'Id of the last message.' })),
      }),
    },
    parameters: {
      lines: flag('Each line is a message, including empty lines.'),
      null: flag('Each message ends with a NUL byte.'),
      retain: count('Keeps at least this number of the newest messages. Default: 10000.'),
      'retain-for': length(
        'Keeps messages for this time; without retain, their number is not limited.',
      ),
    },
    async handle({ name, values, request }) {
      const messages = messagesIn(request, values)
      const { retain, 'retain-for': retainFor } = values
      return {
        ok: true,
        ...(await publish(namespace, name, messages, { ...IMMEDIATE, retain, retainFor })),
      }
    },
  })

const messagesIn = (
  { body }: FastifyRequest,
  { lines = false, null: isNull = false }: { lines?: boolean; null?: boolean },
): Buffer[] => {
  if (!Buffer.isBuffer(body) || body.length === 0)
    throw new UsageError('the body is empty: send the message as the body, with --data-binary')
  if (lines && isNull) throw new UsageError('lines and null exclude each other: give one of them')
  return lines || isNull ? split(body, isNull ? 0 : 10) : [body]
}

/** Bytes behind the last delimiter are a message too. */
const split = (body: Buffer, delimiter: number): Buffer[] => {
  const messages: Buffer[] = []
  let from = 0
  for (let at = body.indexOf(delimiter); at !== -1; at = body.indexOf(delimiter, from)) {
    messages.push(body.subarray(from, at))
    from = at + 1
  }
  return from < body.length ? [...messages, body.subarray(from)] : messages
}

const place: Parameter<string> = {
  schema: Type.String({
    description:
      'Position to start at: now (the default), start (the oldest stored message) or the id of a message.',
  }),
  parse(given) {
    parseFrom(given)
    return given
  },
}

const subscribes = (context: ServerContext) => {
  return action({
    method: 'GET',
    summary: 'Streams the messages of a topic as lines or as Server-Sent Events.',
    description:
      'Sends events if Accept has text/event-stream; their ids are for Last-Event-ID. The headers are sent when the subscription is active: it receives all messages that are published after that. If messages are lost, an event gap is sent, or the stream breaks off. A client that reads nothing for the --client-timeout of the server is disconnected.',
    answers: { 200: Type.String({ description: 'Messages.' }) },
    produces: ['application/octet-stream', SSE.contentType],
    streams: true,
    headers: {
      'last-event-id': Type.String({ description: 'Continues after this message.' }),
    },
    parameters: {
      from: place,
      count: count(
        'Ends after this number of messages. The headers are sent with the first message.',
      ),
      as: text(
        'Stores the position under this name and continues from it; from applies to the first request only.',
      ),
      null: flag('Messages end with a NUL byte instead of a line feed.'),
      timeout: duration(
        'Time limit. With count, the answer is 404 if there was no message. 0: no limit.',
      ),
      ...named,
    },
    async handle({ name, path, values, request, reply }) {
      const { count, as, by, timeout = count === undefined ? 0 : undefined } = values
      if (as !== undefined) checkKey(as, 'name of the subscriber')
      const options = { as, from: placeOf(request, values.from), readAhead: READ_AHEAD }
      const format = formatOf(request, values.null)
      if (onlyHead(reply, format.contentType)) return reply
      const run = async (signal: AbortSignal) => {
        const subscription = await Subscription.open(context.namespace, name, options, signal)
        const streaming = { format, count, signal }
        await new TopicStream(subscription, reply, streaming).run()
      }
      return handleWait(context, {
        ...{ path, timeout, by, reply },
        wait: (limits) => withDeadline(limits, run),
        answer: () => undefined,
      })
    },
  })
}

/** `Last-Event-ID` takes precedence over the parameter `from`. */
const placeOf = ({ headers }: FastifyRequest, from: string | undefined): string | undefined => {
  const [last] = [headers['last-event-id']].flat()
  return last === undefined ? from : behindMessage(last)
}

const formatOf = ({ headers }: FastifyRequest, isNull = false): TopicFormat => {
  if (/\btext\/event-stream\b/i.test(headers.accept ?? '')) return serverSentEvents
  return delimitedBy(isNull ? 0 : 10)
}
