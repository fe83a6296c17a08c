import type { Namespace } from '../core/namespace.ts'
import { messageId } from './position.ts'
import { type Messages, Subscription, type SubscriptionOptions } from './subscription.ts'

export interface SubscribeOptions extends SubscriptionOptions {
  /** Ends it: the next step rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined
  /** Told once nothing that is published from then on can be missed. */
  readonly onSubscribed?: (() => void) | undefined
}

/** One message of a topic. */
export interface Message {
  /** Names it for good; `from` takes it. */
  readonly id: string
  readonly data: Uint8Array
}

/**
 * Every message of a topic from a place on, in order, each once. The next one is read when it is asked for. Goes on
 * over interruptions until the signal aborts. With `as` a message counts as dealt with when the one after it is
 * asked for; that is stored for several together, so after a crash the last ones may come again.
 * @throws LostError messages are missing, or with `as` another subscriber has taken the name over.
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
    // The reader has left in the middle.
    if (dealtWith < group.messages.length) await subscription.confirmAtLast(group, dealtWith)
  }
}
