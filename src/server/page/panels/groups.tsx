import type { StatusRow } from '../../../recipes/status/row.ts'
import type { Activity, SignalMark } from '../../activity/protocol.ts'
import { Panel } from '../ui/panel.tsx'
import { Visible } from '../ui/visible.tsx'
import { State } from './state.tsx'

/** So many members of a group are named. */
const SHOWN = 24

/** Groups, how many of their members are ready, and the members' states as far as they are known. */
export const Groups = ({ activity, rows }: { activity: Activity; rows: readonly StatusRow[] }) => (
  <Panel title="Groups" count={rows.length}>
    <ul class="groups">
      {rows.map(({ name, state }) => (
        <Group key={name} name={name} state={state} members={membersOf(activity, name)} />
      ))}
    </ul>
  </Panel>
)

interface GroupProps {
  readonly name: string
  readonly state: string
  readonly members: readonly (readonly [string, string])[]
}

const Group = ({ name, state, members }: GroupProps) => {
  const [, ready = 0, all = 0] = /^(\d+) of (\d+)/.exec(state) ?? []
  return (
    <li>
      <div class="line">
        <Visible text={name} />
        <meter min={0} max={Number(all)} value={Number(ready)} aria-label={`${name}: ${state}`} />
        <span class="value">{state}</span>
      </div>
      <div class="members">
        {members.slice(0, SHOWN).map(([member, memberState]) => (
          <span class="member">
            <Visible text={member} /> <State state={memberState} />
          </span>
        ))}
        {members.length > SHOWN ? <span>and {members.length - SHOWN} more</span> : null}
      </div>
    </li>
  )
}

/** Held ones are in the status, sticky ones among the signals; of the latter the newest counts. */
const membersOf = ({ status, signals }: Activity, group: string): [string, string][] => {
  const direct = (key: string) =>
    key.startsWith(group) && !key.slice(group.length).includes('/') ? key.slice(group.length) : ''
  const states = new Map<string, string | null>()
  for (const { key, state } of signals satisfies readonly SignalMark[])
    states.set(direct(key), state)
  for (const { kind, name, state } of status) if (kind === 'signal') states.set(direct(name), state)
  states.delete('')
  const present = [...states].filter((one): one is [string, string] => one[1] !== null)
  return present.sort(([a], [b]) => (a < b ? -1 : 1))
}
