/** Formats a duration: `850 ms`, `4.2 s`, `42 s`, `3 min 5 s`, `2 h 10 min`, `3 d 4 h`. */
export const durationText = (milliseconds: number): string => {
  const length = Math.max(0, milliseconds)
  if (length < 1_000) return `${Math.round(length)} ms`
  if (length < 9_950) return `${(length / 1_000).toFixed(1)} s`
  return wholeSeconds(length)
}

/** Formats a duration without fractions of a second, for texts that are updated every second. */
export const ageText = (milliseconds: number): string => wholeSeconds(Math.max(0, milliseconds))

const wholeSeconds = (milliseconds: number): string => {
  const seconds = Math.floor(milliseconds / 1_000)
  const [minutes, hours, days] = [60, 3_600, 86_400].map((unit) => Math.floor(seconds / unit))
  if (!minutes) return `${seconds} s`
  if (!hours) return joined(minutes, 'min', seconds % 60, 's')
  if (!days) return joined(hours, 'h', minutes % 60, 'min')
  return joined(days, 'd', hours % 24, 'h')
}

const joined = (large: number, unit: string, small: number, smaller: string): string =>
  small === 0 ? `${large} ${unit}` : `${large} ${unit} ${small} ${smaller}`

/** Formats a time in this machine's time zone: `14:05:09`. */
export const clockText = (time: number): string => {
  const date = new Date(time)
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':')
}

const two = (number: number): string => String(number).padStart(2, '0')

/** Formats a date and a time in this machine's time zone: `2026-11-20 14:05:09`. */
export const dateText = (time: number): string => {
  const date = new Date(time)
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join('-')
  return `${day} ${clockText(time)}`
}

/** Returns this machine's time zone at that time: `UTC+05:30`. */
export const zoneText = (time: number): string => {
  const minutes = -new Date(time).getTimezoneOffset()
  const sign = minutes < 0 ? '-' : '+'
  const [hours, rest] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60]
  return minutes === 0 ? 'UTC' : `UTC${sign}${two(hours)}:${two(rest)}`
}

/** Formats a date, a time and the time zone: `2026-11-20 14:05:09 UTC+01:00`. */
export const fullText = (time: number): string => `${dateText(time)} ${zoneText(time)}`

/** Formats a time with milliseconds, because bars may be milliseconds apart: `14:05:09.123 UTC+01:00`. */
export const exactText = (time: number): string =>
  `${clockText(time)}.${String(Math.floor(time) % 1_000).padStart(3, '0')} ${zoneText(time)}`
