import type { Activity } from '../../activity/protocol.ts'
import { OUTCOMES, type Outcome, outcomeOf } from '../model/outcome.ts'

const ENDS: readonly Outcome[] = ['released', 'timeout', 'failed', 'gone', 'ended']

/** The numbers of waits, signals and other objects, in one line. `waiting` is the number of all waiters. */
export const Summary = ({ activity, waiting }: { activity: Activity; waiting: number }) => {
  const { waits, signals, status } = activity
  const outcomes = Map.groupBy(waits, outcomeOf)
  const named = (kind: string) =>
    new Set(status.filter((row) => row.kind === kind).map(({ name }) => name)).size
  const figures: readonly Figure[] = [
    [waiting, OUTCOMES.waiting, 'waiting'],
    ...ENDS.map((end): Figure => [outcomes.get(end)?.length ?? 0, OUTCOMES[end], end]),
    counted(signals.length, 'signal'),
    ...(['lock', 'election', 'barrier'] as const).map((kind) => counted(named(kind), kind)),
  ]
  return (
    <ul class="summary" aria-label="Summary">
      {figures.map(([count, what, tone], index) =>
        count > 0 || index < 2 ? (
          <li class={tone}>
            <strong>{count.toLocaleString('en')}</strong> {what}
          </li>
        ) : null,
      )}
    </ul>
  )
}

type Figure = readonly [count: number, what: string, tone: string]

const counted = (count: number, what: string): Figure => [
  count,
  count === 1 ? what : `${what}s`,
  '',
]
