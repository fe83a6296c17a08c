import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { UsageError } from '../base/errors.ts'
import { optional, parseCount, parsePositiveDuration } from '../base/values.ts'
import { RdvCommand } from '../cli/base-command.ts'
import { nullFlag, timeoutFlag } from '../cli/flags/global-flags.ts'
import { note, printResult } from '../cli/output/print.ts'
import { delimiterOf, records } from '../cli/records.ts'
import { withDeadline } from '../recipes/core/deadline.ts'
import { checkKey } from '../recipes/core/keys.ts'
import type { Namespace } from '../recipes/core/namespace.ts'
import { maxMessageLength } from '../recipes/topic/batch.ts'
import { type PublishOptions, publish } from '../recipes/topic/publish.ts'

export default class Publish extends RdvCommand {
  static override summary = 'Publishes messages on a topic, and exits when all are stored.'
  static override description =
    `Each argument is a message. With - instead, each line of stdin is a message, including empty lines.
Messages are stored exactly once and in order, in batches.
Each call trims the oldest messages, several at a time. A message may be trimmed as soon as --retain or --retain-for permits it.`
  static override usage = 'publish TOPIC MESSAGE…|- [FLAGS]'
  static override examples = [
    '<%= config.bin %> publish jobs "build $COMMIT"',
    './list-jobs | <%= config.bin %> publish jobs -',
    'find . -name "*.log" -print0 | <%= config.bin %> publish files - --null --retain-for 24h',
  ]
  static override args = {
    topic: Args.string({
      description: 'Name of the topic, such as jobs.',
      required: true,
      ignoreStdin: true,
    }),
    message: Args.string({
      description: 'Text of a message; - reads the messages from stdin.',
      required: true,
      multiple: true,
      ignoreStdin: true,
    }),
  }
  static override flags = {
    ...timeoutFlag('each batch', '10s'),
    ...nullFlag,
    retain: Flags.string({
      summary: 'Number of newest messages to keep. Default: 10000, with --retain-for no limit.',
      helpValue: 'N',
    }),
    'retain-for': Flags.string({
      summary: 'Time for which messages are kept, such as 24h. Default: no limit.',
      helpValue: 'DURATION',
    }),
  }

  async run(): Promise<void> {
    const { args, flags } = await this.begin(Publish)
    checkKey(args.topic, 'topic')
    const fromStdin = checkMessages(args.message, flags.null)
    const options = {
      retain: optional(flags.retain, (text) => parseCount(text, '--retain', 1)),
      retainFor: optional(flags['retain-for'], parsePositiveDuration('--retain-for')),
    }
    this.shortLived = !fromStdin
    const namespace = await withDeadline(this.limits(), (signal) => this.namespace({ signal }))
    const messages = fromStdin
      ? records(process.stdin, delimiterOf(flags.null), maxMessageLength(namespace, args.topic))
      : args.message
    const published = await this.#publish(namespace, args.topic, messages, options)
    await printResult(undefined, { ok: true, ...published })
  }

  /** If it fails, it prints how many messages were stored. */
  async #publish(
    namespace: Namespace,
    topic: string,
    messages: Parameters<typeof publish>[2],
    options: PublishOptions,
  ): ReturnType<typeof publish> {
    let stored = 0
    const onStored = (count: number) => {
      stored = count
    }
    try {
      return await publish(namespace, topic, messages, { ...options, ...this.limits(), onStored })
    } catch (error) {
      if (stored > 0) note(`the first ${stored} messages were stored`)
      throw error
    } finally {
      // Even reading the property process.stdin changes stdin for the other processes that have it open.
      if (!Array.isArray(messages)) process.stdin.destroy()
    }
  }
}

/** Whether stdin contains the messages. */
const checkMessages = (messages: readonly string[], isNull: boolean): boolean => {
  const fromStdin = messages.includes('-')
  if (fromStdin && messages.length > 1)
    throw new UsageError('the message - reads stdin: write it without other messages')
  if (messages.includes(''))
    throw new UsageError('a message is empty: write text, or write - and send the message on stdin')
  if (isNull && !fromStdin)
    throw new UsageError('--null applies to stdin only: write - as the message')
  return fromStdin
}
