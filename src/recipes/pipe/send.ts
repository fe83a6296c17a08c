import { putDetached } from '../../backends/operations.ts'
import { aborted } from '../../base/abort.ts'
import { LostError, UsageError } from '../../base/errors.ts'
import { nowWaiting } from '../../base/waiting-mark.ts'
import { frame, LONGEST_MESSAGE } from '../../nanomsg/protocol.ts'
import { withDeadline } from '../core/deadline.ts'
import type { Namespace } from '../core/namespace.ts'
import { cleanupSignal } from '../core/retry.ts'
import { lostMessages } from './lost-messages.ts'
import { checkPipe, checkPipeGroup, endedKey, pipeKey } from './names.ts'
import { Registration } from './registration.ts'
import type { SendOptions } from './send-options.ts'
import { SenderGroups } from './sender-groups.ts'

export interface Sent {
  /** The number of messages that were read from the input. */
  readonly sent: number
  /** The number of dropped messages, counted once for each group. */
  readonly dropped: number
}

/**
 * Sends messages through a pipe. Each group of receivers gets every message. Within a group, the member with the fewest
 * unread messages gets it. Resolves after the last message, when the receivers have read everything and were told that
 * there are no more messages. Messages are delivered at most once: those on their way to a member are lost if it dies.
 * @throws NoError another sender holds the pipe.
 * @throws LostError the session was lost, and another sender has taken over the pipe.
 * @throws UsageError a name is malformed, or a message is too long.
 */
export const send = async (
  namespace: Namespace,
  pipe: string,
  messages: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  options: SendOptions = {},
): Promise<Sent> => {
  checkPipe(pipe)
  for (const group of options.groups ?? []) checkPipeGroup(group)
  return withDeadline(options, async (signal) => {
    const registration = await Registration.open(namespace, {
      key: () => pipeKey(namespace, pipe),
      value: 'sending',
      what: `the pipe ${pipe}`,
      ...options,
      signal,
    })
    nowWaiting(signal)
    const groups = new SenderGroups(namespace, pipe, registration, options)
    try {
      return await Promise.race([
        deliver(namespace, pipe, messages, registration, groups, options),
        aborted(AbortSignal.any([signal, groups.failed])),
        superseded(registration),
      ])
    } catch (error) {
      const { undelivered } = groups
      if (undelivered > 0) options.onTrouble?.(lostMessages(undelivered, 'delivered'))
      throw error
    } finally {
      groups.close()
      await registration.close(cleanupSignal(signal))
    }
  })
}

const superseded = async ({ superseded: signal }: Registration): Promise<never> => {
  await aborted(signal).catch(() => {})
  throw new LostError('another sender has taken over the pipe: undelivered messages are lost', {
    cause: signal.reason,
  })
}

const deliver = async (
  namespace: Namespace,
  pipe: string,
  messages: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  registration: Registration,
  groups: SenderGroups,
  { drop = false, min = 0 }: SendOptions,
): Promise<Sent> => {
  await groups.start()
  if (min > 0) await groups.assembled(min)
  let sent = 0
  for await (const message of messages) {
    checkLength(message)
    if (groups.mustWait && !drop) await groups.room()
    groups.put(frame(message))
    sent++
  }
  await groups.flushed()
  // A receiver that has read everything sees this key, and does not wait for another sender.
  for (const { name } of groups.all) {
    const key = endedKey(namespace, pipe, name)
    await registration.write((lease) => [putDetached(key, lease)])
  }
  await groups.end()
  return { sent, dropped: groups.dropped }
}

const checkLength = (message: Uint8Array): void => {
  if (message.byteLength > LONGEST_MESSAGE) {
    throw new UsageError(
      `a message of ${message.byteLength} bytes exceeds the limit of a pipe (${LONGEST_MESSAGE} bytes): shorten it`,
    )
  }
}
