import type { Entry, Guard } from './backend.ts'

/** Whether a guard holds of the key's current entry: the meaning of guards, for backends that check them here. */
export const holds = (guard: Guard, entry: Entry | undefined): boolean => {
  switch (guard.kind) {
    case 'absent':
      return entry === undefined
    case 'unchanged':
      return entry?.modRevision === guard.modRevision
    case 'heldBy':
      return entry?.session === guard.session
  }
}
