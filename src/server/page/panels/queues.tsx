import type { StatusRow } from '../../../recipes/status/row.ts'
import { whoText } from '../model/who.ts'
import { useFirst } from '../ui/more.tsx'
import { Panel } from '../ui/panel.tsx'
import { Age } from '../ui/time.tsx'
import { Visible } from '../ui/visible.tsx'
import { Who } from '../ui/who.tsx'
import { State } from './state.tsx'

interface QueuesProps {
  readonly title: string
  readonly caption: string
  readonly rows: readonly StatusRow[]
}

/** Objects with their holders and waiters, in the order of the queue: locks, elections, barriers, pipes. */
export const Queues = ({ title, caption, rows }: QueuesProps) => {
  const queues = [...Map.groupBy(rows, ({ name }) => name)]
  const { shown, more } = useFirst(queues)
  return (
    <Panel title={title} count={queues.length} minor>
      <table class="queues">
        <caption class="unseen">{caption}</caption>
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">State</th>
            <th scope="col">Who</th>
            <th scope="col" class="right">
              Age
            </th>
          </tr>
        </thead>
        {shown.map(([name, members]) => (
          <Queue key={name} name={name} members={members} />
        ))}
      </table>
      {more}
    </Panel>
  )
}

const Queue = ({ name, members }: { name: string; members: readonly StatusRow[] }) => {
  const { shown, more } = useFirst(members)
  return (
    <tbody>
      {shown.map((row, index) => (
        <tr>
          {index === 0 ? (
            <th scope="rowgroup" rowSpan={shown.length + (more ? 1 : 0)}>
              <Visible text={name} />
            </th>
          ) : null}
          <Member row={row} />
        </tr>
      ))}
      {more ? (
        <tr>
          <td colSpan={3}>{more}</td>
        </tr>
      ) : null}
    </tbody>
  )
}

const Member = ({ row: { state, id, token, holder } }: { row: StatusRow }) => (
  <>
    <td>
      <State state={state} />
    </td>
    <td>
      {id === undefined || id === holder?.host ? null : (
        <>
          <Visible text={id} />{' '}
        </>
      )}
      <span class="quiet">
        <Who text={whoText(holder)} />
      </span>
      {token === undefined ? null : <span class="token">token {token}</span>}
    </td>
    <td class="right">{holder ? <Age since={Date.parse(holder.since)} /> : null}</td>
  </>
)
