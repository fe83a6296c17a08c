import type { Entry, Precondition } from './backend.ts'

/** Whether a precondition holds for the key's current entry, for backends that check preconditions themselves. */
export const holds = (precondition: Precondition, entry: Entry | undefined): boolean => {
  switch (precondition.kind) {
    case 'absent':
      return entry === undefined
    case 'unchanged':
      return entry?.modRevision === precondition.modRevision
    case 'heldBy':
      return entry?.lease === precondition.lease
  }
}
