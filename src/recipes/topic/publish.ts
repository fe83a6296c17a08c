import { UsageError } from '../../base/errors.ts'
import { type Limits, withDeadline } from '../core/deadline.ts'
import type { Namespace } from '../core/namespace.ts'
import { Appender, type Stored } from './append.ts'
import { type MessageSource, Outbox } from './outbox.ts'
import { messageId } from './position.ts'
import { Topic } from './topic.ts'
import type { Retention } from './trim.ts'

export interface PublishOptions extends Limits {
  /**
   * At least this many of the newest messages are kept, unless `retainFor` allows their removal. Default, if neither is
   * given: 10 000 messages, and those of the last ten seconds.
   */
  readonly retain?: number | undefined
  /** Milliseconds for which messages are kept at least, unless `retain` allows their removal. */
  readonly retainFor?: number | undefined
  /** Called after each batch with the number of messages stored so far. */
  readonly onStored?: ((count: number) => void) | undefined
}

/** The result of `publish`. */
export interface Published {
  readonly count: number
  /** The ids of the first and the last message. Messages of other publishers may be between them. */
  readonly first?: string
  readonly last?: string
}

/** The default. The ten seconds ensure that a subscriber that keeps reading does not lose a part of a large burst. */
const DEFAULT_RETENTION: Retention = { messages: 10_000, grace: 10_000 }

/**
 * Publishes messages in order, each exactly once, and resolves when all of them are stored. They are stored in batches.
 * Each batch is stored completely or not at all. Messages that come while a batch is being stored go into the next one.
 * `timeout` limits each batch.
 * @throws UsageError a message does not fit into a commit. All messages before it are stored.
 * @throws UnavailableError the store was out of reach until the deadline. Nothing of the last batch is stored.
 * @throws IndeterminateError it is unknown whether the last batch is stored.
 */
export const publish = async (
  namespace: Namespace,
  name: string,
  messages: MessageSource,
  options: PublishOptions = {},
): Promise<Published> => {
  const { timeout, signal, onStored } = options
  const topic = new Topic(namespace, name)
  const appender = new Appender(topic, retentionOf(options))
  const outbox = new Outbox(topic, messages, signal)
  let published: Published = { count: 0 }
  try {
    for (let batch = await outbox.next(); batch; batch = await outbox.next()) {
      const whole = batch
      const stored = await withDeadline({ timeout, signal }, (deadline) =>
        appender.append(whole, deadline),
      )
      published = extended(published, stored)
      onStored?.(published.count)
    }
    return published
  } finally {
    outbox[Symbol.dispose]()
  }
}

/** @throws UsageError no message would be kept. */
const retentionOf = ({ retain, retainFor }: PublishOptions): Retention => {
  if (retain !== undefined && retain < 1)
    throw new UsageError('retain is less than 1: write at least 1')
  if (retain === undefined && retainFor === undefined) return DEFAULT_RETENTION
  return { messages: retain, age: retainFor }
}

const extended = (published: Published, { topic, first, next }: Stored): Published => ({
  count: published.count + next - first,
  first: published.first ?? messageId(topic, first),
  last: messageId(topic, next - 1),
})
