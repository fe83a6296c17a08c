import type { Operation } from './cluster.ts'

/** AlarmAction.Get */
const GET = 0

/** The raised alarms, by etcd's names. Empty if they cannot be read, for example without the permission. */
export const readAlarms: Operation<string[]> = async ({ maintenance }) => {
  const { alarms } = await maintenance.alarm({ action: GET }).catch(() => ({ alarms: [] }))
  return alarms.map(({ alarm }) => alarm.toUpperCase())
}

/** Whether the store accepts no writes until an operator makes room. */
export const isFull: Operation<boolean> = async (...asked) =>
  (await readAlarms(...asked)).includes('NOSPACE')
