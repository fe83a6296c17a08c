import type { StatusRow } from '../../../recipes/status/row.ts'
import { whoText } from '../model/who.ts'
import { Panel } from '../ui/panel.tsx'
import { Age } from '../ui/time.tsx'
import { Visible } from '../ui/visible.tsx'
import { State } from './state.tsx'

interface QueuesProps {
  readonly title: string
  readonly caption: string
  readonly rows: readonly StatusRow[]
}

/** So many of a queue at most. */
const SHOWN = 30

/** Things with those who hold them or stand in line, in their order: locks, elections, barriers, pipes. */
export const Queues = ({ title, caption, rows }: QueuesProps) => {
  const queues = [...Map.groupBy(rows, ({ name }) => name)]
  return (
    <Panel title={title} count={queues.length}>
      <table class="queues">
        <caption class="unseen">{caption}</caption>
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">State</th>
            <th scope="col">Who</th>
            <th scope="col" class="right">
              Since
            </th>
          </tr>
        </thead>
        {queues.map(([name, members]) => (
          <Queue key={name} name={name} members={members} />
        ))}
      </table>
    </Panel>
  )
}

const Queue = ({ name, members }: { name: string; members: readonly StatusRow[] }) => {
  const more = members.length - SHOWN
  return (
    <tbody>
      {members.slice(0, SHOWN).map((row, index) => (
        <tr>
          {index === 0 ? (
            <th scope="rowgroup" rowSpan={Math.min(members.length, SHOWN) + (more > 0 ? 1 : 0)}>
              <Visible text={name} />
            </th>
          ) : null}
          <Member row={row} />
        </tr>
      ))}
      {more > 0 ? (
        <tr>
          <td colSpan={3}>and {more} more</td>
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
      <span class="quiet">{whoText(holder)}</span>
      {token === undefined ? null : <span class="token">token {token}</span>}
    </td>
    <td class="right">{holder ? <Age since={Date.parse(holder.since)} /> : null}</td>
  </>
)
