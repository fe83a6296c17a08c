/**
 * A password between the user and the host of a URL. The user may contain `@`, as in mail addresses. The password may
 * contain `#` and `?`.
 */
const password = /(:\/\/[^\s/:]*):[^\s/]*@/g

/** A user without a password may be a token, except for schemes whose servers have users without passwords. */
const loneUser = /(?<!\b(?:git|postgres|postgresql|sftp|ssh))(:\/\/)[^\s/?#:@]+(?=@)/gi
/** A token in the form that GitHub accepts, for example. */
const loneToken = /(\bhttps?:\/\/)[^\s/?#:]+:(?:x-oauth-basic)?@/gi

/** The beginning of a parameter of a URL or of a connection string, up to its value. */
const parameter = /(?<![^?&;#\s,'"(])([^=?&;#\s,'"(]+)=/g
const secretName =
  /pass|pwd|secret|token|key|credential|signature|jwt|authoriz|\b(?:[\w-]*[_-])?(?:auth|sig|sid)\b/i
const value = /'[^']*'?|"[^"]*"?|[^&#\s]*/y

/** Whether a value with this name is a secret. */
export const isSecretName = (name: string): boolean => secretName.test(name)

/** The text with the password of each URL in it, and each parameter named like a secret, replaced by `***`. */
export const redact = (text: string): string =>
  withoutSecretParameters(
    text.replace(loneToken, '$1***@').replace(password, '$1:***@').replace(loneUser, '$1***'),
  )

const withoutSecretParameters = (text: string): string => {
  let shown = ''
  let at = 0
  for (const { 0: beginning, 1: name = '', index } of text.matchAll(parameter)) {
    if (index < at || !isSecretName(unescaped(name))) continue
    value.lastIndex = index + beginning.length
    shown += `${text.slice(at, value.lastIndex)}***`
    value.test(text)
    at = value.lastIndex
  }
  return shown + text.slice(at)
}

const unescaped = (name: string): string => {
  try {
    return decodeURIComponent(name)
  } catch {
    return name
  }
}

/**
 * Like {@link redact}, for text that is not a valid URL. The end of its password is unknown, so everything before the
 * last `@` is replaced. Without an `@`, text in the place of a port that is not a port is replaced: it may be a
 * password whose host was forgotten.
 */
export const redactMalformed = (text: string): string =>
  redact(
    text
      .replace(/^([a-z][\w+.-]*:\/\/)?.*@/is, '$1***@')
      .replace(/(:\/\/[^\s/?#:@[]*):(?!\d{1,5}(?:[/?#,]|$)|$)\S+/, '$1:***'),
  )

const maxShown = 60

/**
 * A word that the user wrote, for a message: short, in quotes, without secrets, and without control characters for a
 * terminal.
 */
export const quoteRedacted = (word: string): string => {
  if (/^\s*exec:/i.test(word)) return '"exec:…"'
  const safe = /:\/\/|:.*@/s.test(word) ? redactMalformed(word) : redact(word)
  const short = safe.length > maxShown ? `${safe.slice(0, maxShown)}…` : safe
  return printable(JSON.stringify(short))
}

/** One line of at most 200 characters, without characters that move a terminal's cursor. */
export const printable = (text: string): string => {
  const line = text.replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ').trim()
  return line.length > 200 ? `${line.slice(0, 199)}…` : line
}
