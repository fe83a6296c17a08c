const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** A time as a cell of a table: with its age on a terminal, elsewhere unchanged. */
export const sinceCell = (
  moment: string | undefined,
  terminal: boolean = process.stdout.isTTY === true,
): string => (moment !== undefined && terminal ? describeMoment(moment) : (moment ?? ''))

/** `14:03:05 (2 min)`: a time in local time, with its age. Text that is not a time stays unchanged. */
export const describeMoment = (moment: string, suffix = '', now = Date.now()): string => {
  const date = new Date(moment)
  if (Number.isNaN(date.getTime())) return moment
  // The clock of another machine may be ahead.
  const age = Math.max(0, now - date.getTime())
  return `${localTime(date, new Date(now))} (${describeAge(age)}${suffix})`
}

const describeAge = (age: number): string => {
  if (age < MINUTE) return `${Math.floor(age / SECOND)} s`
  if (age < HOUR) return `${Math.floor(age / MINUTE)} min`
  if (age < DAY) return `${Math.floor(age / HOUR)} h ${Math.floor((age % HOUR) / MINUTE)} min`
  return `${Math.floor(age / DAY)} d ${Math.floor((age % DAY) / HOUR)} h`
}

/** With the date, unless it is today. */
const localTime = (date: Date, today: Date): string => {
  const time = [date.getHours(), date.getMinutes(), date.getSeconds()].map(twoDigits).join(':')
  const day = dayOf(date)
  return day === dayOf(today) ? time : `${day} ${time}`
}

const dayOf = (date: Date): string =>
  [date.getFullYear(), date.getMonth() + 1, date.getDate()].map(twoDigits).join('-')

const twoDigits = (number: number): string => String(number).padStart(2, '0')
