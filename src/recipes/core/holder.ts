import { setTimeout as sleep } from 'node:timers/promises'
import type { Entry } from '../../backends/backend.ts'
import { type Queue, readMembers } from './queue.ts'
import { describeHolder, holderOf } from './session-record.ts'

/** Milliseconds between two reads of the holder. */
const EVERY = 3_000

/**
 * Reports the holder at the head of a queue, and each new holder, until the signal aborts. It reads one key every few
 * seconds, because a watch of the head would wake every waiter at each change of the holder. Never rejects.
 */
export const reportHolder = async (
  queue: Queue,
  ownKey: string,
  report: (holder: string) => void,
  signal: AbortSignal,
): Promise<void> => {
  let known: Entry | undefined
  while (!signal.aborted) {
    // If the store does not answer, the wait itself reports it.
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
