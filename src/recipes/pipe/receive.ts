import type { Entry } from '../../backends/backend.ts'
import { randomBytes } from '../../base/random.ts'
import { nowWaiting } from '../../base/waiting-mark.ts'
import type { Namespace } from '../core/namespace.ts'
import { cleanupSignal, retryUntilAvailable } from '../core/retry.ts'
import { follow } from '../core/view.ts'
import { lostMessages } from './lost-messages.ts'
import { checkPipe, checkPipeGroup, endedKey, groupPrefix, memberKey, urlKey } from './names.ts'
import { Receiver } from './receiver.ts'
import { Registration } from './registration.ts'

export interface ReceiveOptions {
  /**
   * Ends the receiver. It yields messages that are on their way, for one second at most, and then throws the signal's
   * reason.
   */
  readonly signal?: AbortSignal | undefined
  /** The maximum number of messages to take. Other members get the following messages. Default: no limit. */
  readonly count?: number | undefined
  /**
   * Milliseconds after which this process, if it dies, no longer counts as a member. Default: the backend's default
   * TTL, 15 000 or 45 000.
   */
  readonly ttl?: number | undefined
  /** Called with a sentence for people about a failure from which the receiver recovers, or about lost messages. */
  readonly onTrouble?: ((sentence: string) => void) | undefined
}

/** Milliseconds for which an interrupted receiver still reads messages that are on their way to it. */
const CLOSE_LIMIT = 1_000

/**
 * Joins a group of a pipe's receivers, and yields the messages that this member gets. A message counts as read when the
 * next one is requested. Ends after the last message of a sender that has reached its end. If a sender dies, the
 * receiver waits for another one, as it waits for the first one.
 * @throws UsageError a name is malformed.
 */
export async function* receive(
  namespace: Namespace,
  pipe: string,
  group: string,
  options: ReceiveOptions = {},
): AsyncGenerator<Buffer> {
  checkPipe(pipe)
  checkPipeGroup(group)
  const { signal = new AbortController().signal, count = Number.POSITIVE_INFINITY } = options
  const ended = endedKey(namespace, pipe, group)
  const before = await retryUntilAvailable({ signal }, () =>
    namespace.backend.get(ended, { signal }),
  )
  const member = randomBytes(16).toString('hex')
  const registration = await Registration.open(namespace, {
    ...options,
    key: () => memberKey(namespace, pipe, group, member),
    value: 'receiving',
    what: 'the membership',
    signal,
  })
  nowWaiting(signal)
  const receiver = new Receiver(count)
  const closing = new AbortController()
  void find(namespace, pipe, group, before, receiver, closing.signal)
  try {
    yield* receiver.messages(signal)
  } catch (error) {
    if (!signal.aborted) throw error
    yield* receiver.leave(AbortSignal.timeout(CLOSE_LIMIT))
    throw signal.reason
  } finally {
    closing.abort()
    receiver.close()
    const { unread } = receiver
    if (signal.aborted && unread > 0) options.onTrouble?.(lostMessages(unread, 'read'))
    await registration.close(cleanupSignal(signal))
  }
}

/** Tells the receiver the address of the sender, and when a sender has reached its end. */
const find = async (
  namespace: Namespace,
  pipe: string,
  group: string,
  before: Entry | undefined,
  receiver: Receiver,
  signal: AbortSignal,
): Promise<void> => {
  const since = before?.modRevision ?? 0
  try {
    for await (const view of follow(
      namespace.backend,
      groupPrefix(namespace, pipe, group),
      signal,
    )) {
      if (view.interrupted) continue
      const ended = view.entries.get(endedKey(namespace, pipe, group))
      if (ended && ended.modRevision > since) return receiver.end()
      receiver.connect(view.entries.get(urlKey(namespace, pipe, group)))
    }
  } catch (error) {
    if (!signal.aborted) receiver.fail(error)
  }
}
