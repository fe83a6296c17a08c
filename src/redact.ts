const password = /(:\/\/[^\s/:@]*):[^\s/]*@/g
const secretParameter = /([?&][\w-]*(?:passw|secret|token|apikey|api_key)[\w-]*=)[^&\s#]*/gi

/** The text with the password of each URL in it, and each query parameter named like one, replaced by `***`. */
export const redact = (text: string): string =>
  text.replace(password, '$1:***@').replace(secretParameter, '$1***')

/** As {@link redact}, for text that is no valid URL: where its password ends is unknown, so everything before the last `@` goes. */
export const redactMalformed = (text: string): string =>
  redact(text.replace(/^([a-z][\w+.-]*:\/\/)?.*@/is, '$1***@'))

/** One line of at most 200 characters in which nothing moves a terminal's cursor. */
export const printable = (text: string): string => {
  const line = text.replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ').trim()
  return line.length > 200 ? `${line.slice(0, 199)}…` : line
}
