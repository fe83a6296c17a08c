import { KINDS, traitsOf } from '../../../recipes/kinds.ts'
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

/** Kinds whose table has this form. */
const panels = (of: 'members' | 'value') =>
  KINDS.flatMap((kind) => {
    const { panel } = traitsOf(kind)
    return panel?.of === of ? [{ kind, ...panel }] : []
  })

const QUEUES = panels('members')
const VALUES = panels('value')

/** All panels besides the waterfall. A kind without rows has no panel. */
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
      {QUEUES.map(({ kind, title, caption }) => {
        const rows = byKind.get(kind)
        return rows ? <Queues key={kind} title={title} caption={caption} rows={rows} /> : null
      })}
      {topics ? <Topics rows={topics} /> : null}
      {VALUES.map(({ kind, title, caption }) => {
        const rows = byKind.get(kind)
        return rows ? <Values key={kind} title={title} caption={caption} rows={rows} /> : null
      })}
    </div>
  )
}
