import type { Group } from '../model/groups.ts'
import { useFirst } from '../ui/more.tsx'
import { Panel } from '../ui/panel.tsx'
import { Visible } from '../ui/visible.tsx'
import { State } from './state.tsx'

/** Groups, with the numbers of their ready members and the known states of their members. */
export const Groups = ({ groups }: { groups: readonly Group[] }) => {
  const { shown, more } = useFirst(groups)
  return (
    <Panel title="Groups" count={groups.length} minor>
      <ul class="groups">
        {shown.map((group) => (
          <GroupItem key={group.name} group={group} />
        ))}
      </ul>
      {more}
    </Panel>
  )
}

const GroupItem = ({ group: { name, ready, known, needed, text, members } }: { group: Group }) => {
  const { shown, more } = useFirst(members)
  return (
    <li>
      <div class="line">
        <Visible text={name} />
        <meter
          min={0}
          max={Math.max(known, needed, 1)}
          value={ready}
          aria-label={`${name}: ${text}`}
        />
        <span class="value">{text}</span>
      </div>
      <div class="members">
        {shown.map(([member, state]) => (
          <span class="member">
            <Visible text={member} /> <State state={state} />
          </span>
        ))}
        {more}
      </div>
    </li>
  )
}
