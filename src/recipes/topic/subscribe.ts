import type { Namespace } from '../core/namespace.ts'
import { messageId } from './position.ts'
import { type Messages, Subscription, type SubscriptionOptions } from './subscription.ts'

export interface SubscribeOptions extends SubscriptionOptions {
  /** Ends the subscription: the next step rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined
  /** Called when no message that is published from then on can be missed. */
  readonly onSubscribed?: (() => void) | undefined
}

/** One message of a topic. */
export interface Message {
  /** Names the message permanently. It can be given as `from`. */
  readonly id: string
  readonly data: Uint8Array
}

/**
 * Yields every message of a topic from a position on, in order, each once. The next message is read when it is
 * requested. Continues after interruptions until the signal aborts. With `as`, a message counts as processed when the
 * next one is requested. This is stored for several messages together, so the last ones may come again after a crash.
 * @throws LostError messages are missing or, with `as`, another subscriber has taken over the name.
 */
export async function* subscribe(
  namespace: Namespace,
  topic: string,
  options: SubscribeOptions = {},
): AsyncGenerator<Message, never> {
  const { signal = new AbortController().signal, onSubscribed } = options
  const subscription = await Subscription.open(namespace, topic, options, signal)
  onSubscribed?.()
  for await (const group of subscription.messages(signal)) {
    yield* each(subscription, group)
    await subscription.confirm(group, group.messages.length, signal)
  }
  throw new Error('a subscription never ends')
}

async function* each(subscription: Subscription, group: Messages): AsyncGenerator<Message> {
  let dealtWith = 0
  try {
    for (const data of group.messages) {
      yield { id: messageId(group.topic, group.first + dealtWith), data }
      dealtWith++
    }
  } finally {
    // The reader has left before the end of the group.
    if (dealtWith < group.messages.length) await subscription.confirmAtLast(group, dealtWith)
  }
}
