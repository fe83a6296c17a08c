import { setTimeout as sleep } from 'node:timers/promises'
import type { Entry } from '../backends/backend.ts'
import { type Queue, readMembers } from './queue.ts'
import { describeHolder, holderOf } from './session-record.ts'

/** Milliseconds: who waits for less is not told, and how often it is looked who holds. */
const AFTER = 500
const EVERY = 3_000

/**
 * Tells who stands at the head of a queue, and each time that it is somebody else, until the signal aborts. To watch the
 * head would wake everybody who queues at each hand-over, so one key is read now and then. Never rejects.
 */
export const tellHolder = async (
  queue: Queue,
  ownKey: string,
  tell: (holder: string) => void,
  signal: AbortSignal,
): Promise<void> => {
  let known: Entry | undefined
  for (let pause = AFTER; !signal.aborted; pause = EVERY) {
    await sleep(pause, undefined, { signal, ref: false }).catch(() => {})
    // Where the store does not answer, the waiting itself tells.
    const head = await headOf(queue, known, signal).catch(() => known)
    if (signal.aborted || !head || head.key === ownKey) continue
    if (head.createRevision === known?.createRevision) continue
    const holder = await holderOf(queue.space, head, { signal }).catch(() => undefined)
    if (holder) {
      known = head
      tell(describeHolder(holder))
    }
  }
}

const headOf = async (
  queue: Queue,
  known: Entry | undefined,
  signal: AbortSignal,
): Promise<Entry | undefined> => {
  const same = known && (await queue.space.backend.get(known.key, { signal }))
  if (same && same.createRevision === known.createRevision) return known
  const [head] = await readMembers(queue, signal)
  return head
}
