import type { Namespace } from '../recipes/core/namespace.ts'
import {
  type Messages,
  Subscription,
  type SubscriptionOptions,
} from '../recipes/topic/subscription.ts'
import { BackpressuredOutput } from './output/backpressured-output.ts'
import { note } from './output/print.ts'

export interface PrintOptions extends SubscriptionOptions {
  readonly count: number | undefined
  readonly format: (messages: Messages) => string | Uint8Array
}

/** Prints the messages of a topic, at most `count`. An interrupt takes effect after the messages being printed. */
export const printMessages = async (
  namespace: Namespace,
  topic: string,
  { count = Number.POSITIVE_INFINITY, format, ...options }: PrintOptions,
  signal: AbortSignal,
): Promise<void> => {
  const subscription = await Subscription.open(
    namespace,
    topic,
    { ...options, onTrouble: note },
    signal,
  )
  note('subscribed')
  const output = new BackpressuredOutput(signal)
  let left = count
  for await (const group of subscription.messages(signal)) {
    const messages = group.messages.slice(0, left)
    await taken(output, format({ ...group, messages })).catch((error) => {
      if (!process.stdout.errored) subscription.tellRepeated(messages.length)
      throw error
    })
    left -= messages.length
    await remember(subscription, { ...group, messages }, signal)
    if (left === 0) return
    signal.throwIfAborted()
  }
}

const taken = async (output: BackpressuredOutput, bytes: string | Uint8Array): Promise<void> => {
  await output.write(bytes)
  await output.flush()
}

/** Stores the position after the printed messages. After an interrupt, it waits only briefly for the store. */
const remember = async (
  subscription: Subscription,
  group: Messages,
  signal: AbortSignal,
): Promise<void> => {
  const { length } = group.messages
  try {
    if (!signal.aborted) return await subscription.confirm(group, length, signal)
  } catch (error) {
    if (!signal.aborted) throw error
  }
  await subscription.confirmAtLast(group, length)
  throw signal.reason
}
