import { useEffect, useState } from 'preact/hooks'
import type { Activity } from '../activity/protocol.ts'
import { filtered } from './model/filter.ts'
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
  const { connection, activity } = useShown(session)
  const locked = connection.state === 'locked'
  useEffect(() => session.start(), [session])
  useEffect(() => {
    const waiting = activity ? waitingIn(activity) : 0
    document.title = waiting > 0 ? `${waiting} waiting · rendezvous` : 'rendezvous'
  }, [activity])
  return (
    <>
      <Header server={activity?.server} connection={connection} />
      <main class={connection.state === 'lost' ? 'stale' : undefined}>
        {locked ? (
          <TokenForm refused={connection.refused} unlock={(token) => session.unlock(token)} />
        ) : activity ? (
          <Overview activity={activity} locked={session.hasToken} />
        ) : (
          <p class="none">Asking the server …</p>
        )}
      </main>
    </>
  )
}

const Overview = ({ activity, locked }: { activity: Activity; locked: boolean }) => {
  const [filter, setFilter] = useState('')
  if (isEmpty(activity)) return <Welcome locked={locked} />
  const isFiltered = filter.trim() !== ''
  const shown = filtered(activity, filter)
  return (
    <>
      <div class="bar-of-tools">
        <Summary activity={activity} />
        <FilterField text={filter} setText={setFilter} />
      </div>
      <Waterfall activity={shown} filtered={isFiltered} />
      <Panels activity={shown} locked={locked} filtered={isFiltered} />
    </>
  )
}

const waitingIn = ({ waits, unlisted }: Activity): number =>
  waits.filter(({ until }) => until === undefined).length + unlisted

const isEmpty = ({ waits, status, signals, unlisted }: Activity): boolean =>
  waits.length + status.length + signals.length + unlisted === 0
