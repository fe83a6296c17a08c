import { ageText, fullText } from '../model/times.ts'
import { useNow } from './use-session.ts'

/** The time that has passed since an event, updated every second. */
export const Age = ({ since }: { since: number }) => {
  const now = useNow(1_000)
  if (!Number.isFinite(since)) return null
  return (
    <time dateTime={new Date(since).toISOString()} title={fullText(since)}>
      {ageText(now - since)}
    </time>
  )
}
