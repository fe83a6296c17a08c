import type { Activity } from '../../activity/protocol.ts'

/** How much there is of everything, in one line. */
export const Summary = ({ activity }: { activity: Activity }) => {
  const { waits, signals, status, unlisted } = activity
  const ended = (outcome: string) => waits.filter((wait) => wait.outcome === outcome).length
  const named = (kind: string) =>
    new Set(status.filter((row) => row.kind === kind).map(({ name }) => name)).size
  const waiting = waits.filter(({ until }) => until === undefined).length + unlisted
  const figures: readonly Figure[] = [
    [waiting, 'waiting', 'waiting'],
    [ended('released'), 'released', 'released'],
    [ended('timeout'), 'timed out', 'timeout'],
    [ended('failed'), 'failed', 'failed'],
    [signals.length, signals.length === 1 ? 'signal' : 'signals', ''],
    [named('lock'), named('lock') === 1 ? 'lock' : 'locks', ''],
    [named('election'), named('election') === 1 ? 'election' : 'elections', ''],
  ]
  return (
    <ul class="summary" aria-label="How much there is">
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
