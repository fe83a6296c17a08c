import type { StatusRow } from './row.ts'

/** Of kinds that have queues: those in it that neither hold, lead nor run. */
export const isQueued = ({ state }: StatusRow): boolean =>
  state === 'waits' || state === 'campaigns'
