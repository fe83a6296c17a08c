import type { Entry, Precondition } from './backend.ts'

/** Whether a precondition holds of the key's current entry: the meaning of preconditions, for backends that check them here. */
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
