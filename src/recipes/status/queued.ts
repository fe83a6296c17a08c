import type { StatusRow } from './row.ts'

/** Whether a row of a kind with queues is a waiter: a session that does not hold, lead or run. */
export const isQueued = ({ state }: StatusRow): boolean =>
  state === 'waits' || state === 'campaigns'
