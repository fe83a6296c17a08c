import { setTimeout as sleep } from 'node:timers/promises'
import type { Entry } from '../../backends/backend.ts'
import { type Queue, readMembers } from './queue.ts'
import { describeHolder, holderOf } from './session-record.ts'

/** How often (milliseconds) it is looked who holds. */
const EVERY = 3_000

/**
 * Tells who stands at the head of a queue, and each time that it is somebody else, until the signal aborts. To watch the
 * head would wake everybody who queues at each hand-over, so one key is read now and then. Never rejects.
 */
export const reportHolder = async (
  queue: Queue,
  ownKey: string,
  report: (holder: string) => void,
  signal: AbortSignal,
): Promise<void> => {
  let known: Entry | undefined
  while (!signal.aborted) {
    // Where the store does not answer, the waiting itself tells.
    const head = await headOf(queue, known, signal).catch(() => known)
    if (head && head.key !== ownKey && head.createRevision !== known?.createRevision) {
      const holder = await holderOf(queue.namespace, head, { signal }).catch(() => undefined)
      if (holder) known = head
      if (holder && !signal.aborted) report(describeHolder(holder))
    }
    await sleep(EVERY, undefined, { signal, ref: false }).catch(() => {})
  }
}

const headOf = async (
  queue: Queue,
  known: Entry | undefined,
  signal: AbortSignal,
): Promise<Entry | undefined> => {
  const same = known && (await queue.namespace.backend.get(known.key, { signal }))
  if (same && same.createRevision === known.createRevision) return known
  const [head] = await readMembers(queue, signal)
  return head
}
