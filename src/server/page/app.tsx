import { useEffect, useMemo, useState } from 'preact/hooks'
import type { Activity } from '../activity/protocol.ts'
import { filtered, filteredWaiting } from './model/filter.ts'
import { explained, type Waiting, waitingIn } from './model/waiting.ts'
import { Panels } from './panels/panels.tsx'
import { FilterField } from './ui/filter-field.tsx'
import { Header } from './ui/header.tsx'
import { Summary } from './ui/summary.tsx'
import { TokenForm } from './ui/token-form.tsx'
import { useSession, useShown } from './ui/use-session.ts'
import { Welcome } from './ui/welcome.tsx'
import { Waterfall } from './waterfall/waterfall.tsx'

export const App = () => {
  const session = useSession()
  const { connection, activity: told } = useShown(session)
  const activity = useMemo(() => told && explained(told), [told])
  const locked = connection.state === 'locked'
  useEffect(() => session.start(), [session])
  const waiting = useMemo(() => (activity ? waitingIn(activity) : []), [activity])
  const count = waiting.length + (activity?.unlisted ?? 0)
  useEffect(() => {
    document.title = count > 0 ? `${count} waiting · rendezvous` : 'rendezvous'
  }, [count])
  return (
    <>
      <Header server={activity?.server} connection={connection} />
      <main class={connection.state === 'lost' ? 'stale' : undefined}>
        {locked ? (
          <TokenForm refused={connection.refused} unlock={(token) => session.unlock(token)} />
        ) : activity ? (
          <Overview {...{ activity, waiting, count }} locked={session.hasToken} />
        ) : (
          <p class="none">Loading …</p>
        )}
      </main>
    </>
  )
}

interface OverviewProps {
  readonly activity: Activity
  readonly waiting: readonly Waiting[]
  /** The number of all waiters, including those that are not listed. */
  readonly count: number
  readonly locked: boolean
}

const Overview = ({ activity, waiting, count, locked }: OverviewProps) => {
  const [filter, setFilter] = useState('')
  if (isEmpty(activity)) return <Welcome locked={locked} />
  const isFiltered = filter.trim() !== ''
  const shown = filtered(activity, filter)
  return (
    <>
      <div class="bar-of-tools">
        <Summary activity={activity} waiting={count} />
        <FilterField text={filter} setText={setFilter} />
      </div>
      <Waterfall activity={shown} filtered={isFiltered} />
      <Panels
        activity={shown}
        waiting={filteredWaiting(waiting, filter)}
        locked={locked}
        filtered={isFiltered}
      />
    </>
  )
}

const isEmpty = ({ waits, status, signals, unlisted }: Activity): boolean =>
  waits.length + status.length + signals.length + unlisted === 0
