import type { Operation } from './cluster.ts'

/** AlarmAction.Get */
const GET = 0

/** The alarms that are raised, as etcd names them; none where we may not see them. */
export const readAlarms: Operation<string[]> = async ({ maintenance }) => {
  const { alarms } = await maintenance.alarm({ action: GET }).catch(() => ({ alarms: [] }))
  return alarms.map(({ alarm }) => alarm.toUpperCase())
}

/** Whether the store takes no writes until somebody makes room. */
export const isFull: Operation<boolean> = async (...asked) =>
  (await readAlarms(...asked)).includes('NOSPACE')
