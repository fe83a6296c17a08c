import type { StatusRow } from '../../../recipes/status/row.ts'
import { groupsOf } from '../model/groups.ts'
import { Groups } from './groups.tsx'
import type { PanelProps } from './panel-props.ts'
import { isProbe, Probes } from './probes.tsx'
import { Queues } from './queues.tsx'
import { Signals } from './signals.tsx'
import { Topics } from './topics.tsx'
import { Values } from './values.tsx'
import { WaitingPanel } from './waiting.tsx'

/** Kinds whose things have members in an order. */
const QUEUES = [
  ['lock', 'Locks', 'Locks, their holders, and their queues'],
  ['election', 'Leaders', 'Elections, their leaders, and their candidates'],
  ['barrier', 'Barriers', 'Barriers, and the parties that wait'],
  ['once', 'Once', 'Steps that run once, and their processes'],
  ['pipe', 'Pipes', 'Pipes, their senders and receivers'],
  ['signal', 'Held keys', 'Keys that a process holds or that expire'],
] as const

const VALUES = [
  ['counter', 'Counters', 'Counters and their values'],
  ['waitgroup', 'Wait groups', 'Wait groups and their pending work'],
] as const

/** All that is beside the waterfall; kinds of which there is nothing are left out. */
export const Panels = (props: PanelProps) => {
  const { activity } = props
  const byKind = Map.groupBy<string, StatusRow>(activity.status, ({ kind }) => kind)
  const groups = groupsOf(activity)
  const topics = byKind.get('topic')
  return (
    <div class="panels">
      <WaitingPanel {...props} />
      <Signals {...props} />
      {activity.waits.some(isProbe) ? <Probes waits={activity.waits} /> : null}
      {groups.length > 0 ? <Groups groups={groups} /> : null}
      {QUEUES.map(([kind, title, caption]) => {
        const rows = byKind.get(kind)
        return rows ? <Queues key={kind} title={title} caption={caption} rows={rows} /> : null
      })}
      {topics ? <Topics rows={topics} /> : null}
      {VALUES.map(([kind, title, caption]) => {
        const rows = byKind.get(kind)
        return rows ? <Values key={kind} title={title} caption={caption} rows={rows} /> : null
      })}
    </div>
  )
}
