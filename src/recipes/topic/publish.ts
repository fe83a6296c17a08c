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
   * At least so many of the newest messages are kept. Without it and `retainFor`: 10 000, and those of the last ten
   * seconds.
   */
  readonly retain?: number | undefined
  /** Milliseconds for which messages are kept at least, unless `retain` says that fewer are. */
  readonly retainFor?: number | undefined
  /** Told how many messages are stored so far, after each batch. */
  readonly onStored?: ((count: number) => void) | undefined
}

/** What was published. */
export interface Published {
  readonly count: number
  /** The ids of the first and the last message; of other publishers there may be some between them. */
  readonly first?: string
  readonly last?: string
}

/** What is kept unless somebody says otherwise: so that nobody who reads at all misses a part of a great burst. */
const DEFAULT_RETENTION: Retention = { messages: 10_000, grace: 10_000 }

/**
 * Publishes messages in order, each exactly once, and resolves when all of them are stored. They are stored in
 * batches, each whole or not at all; what comes while one is on its way goes into the next. `timeout` is for each
 * batch.
 * @throws UsageError a message is longer than a commit can be; all before it are stored.
 * @throws UnavailableError the store was out of reach until the deadline; of the last batch nothing is stored.
 * @throws IndeterminateError it cannot be known whether the last batch is stored.
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

/** @throws UsageError nothing would be kept. */
const retentionOf = ({ retain, retainFor }: PublishOptions): Retention => {
  if (retain !== undefined && retain < 1) throw new UsageError('retain must be at least 1')
  if (retain === undefined && retainFor === undefined) return DEFAULT_RETENTION
  return { messages: retain, age: retainFor }
}

const extended = (published: Published, { topic, first, next }: Stored): Published => ({
  count: published.count + next - first,
  first: published.first ?? messageId(topic, first),
  last: messageId(topic, next - 1),
})
