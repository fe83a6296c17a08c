import { UsageError } from '../../base/errors.ts'
import { quoteRedacted } from '../../base/redact.ts'

const MAX_LENGTH = 512

const PLAIN = /^[A-Za-z\d][\w-]*(\/[A-Za-z\d][\w-]*)*$/

/** Whether a name is valid, and cannot be anything but a name. Most names pass this quick check. */
export const isPlain = (name: string): boolean => PLAIN.test(name) && name.length <= MAX_LENGTH

/** The fault of a name, as the end of a sentence that begins with the name. `undefined` if the name is valid. */
const faultOf = (name: string): string | undefined => {
  if (isPlain(name)) return undefined
  if (name === '') return 'is empty: write a name such as deploy/node1'
  if (!name.isWellFormed()) return 'is not valid Unicode: write it in UTF-8'
  if (Buffer.byteLength(name) > MAX_LENGTH) return `is longer than ${MAX_LENGTH} bytes: shorten it`
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  if (/[\u0000-\u001f\u007f-\u009f]/.test(name)) return 'has a control character: leave it out'
  if (/^\s*exec:/i.test(name))
    return 'begins with "exec:", which marks a command: choose another name'
  if (name.includes('://')) return 'is a URL, not a key: write a name such as deploy/node1'
  if (name.includes('=')) return 'has an "=": leave it out'
  if (name.startsWith('_')) return 'begins with "_", which is reserved: choose another name'
  if (/^\/[^/]/.test(name)) return 'begins with a slash: leave that out'
  const segments = name.split('/')
  if (segments.includes('')) {
    return 'has an empty part: separate the parts by single slashes, without a slash at either end'
  }
  if (segments.includes('.') || segments.includes('..'))
    return 'has a part "." or "..": leave that part out'
  return undefined
}

const isGroup = (name: string): boolean => /[^/]\/$/.test(name) && !faultOf(name.slice(0, -1))

const slashOf = (what: string): string =>
  what === 'key'
    ? 'ends with a slash, which marks a group: write one key, such as deploy/node1'
    : 'ends with a slash: leave it out'

/**
 * Checks a key, or another name that a user gave, against the grammar of keys. `what`: its designation in messages.
 * @throws UsageError one sentence that says what to write instead.
 */
export const checkKey = (name: string, what = 'key'): string => {
  const fault =
    what !== 'group' && name.endsWith('/') && isGroup(name) ? slashOf(what) : faultOf(name)
  if (fault) throw new UsageError(`the ${what} ${quoteRedacted(name)} ${fault}`)
  return name
}

/**
 * Checks a group: a key with a trailing slash.
 * @throws UsageError one sentence that says what to write instead.
 */
export const checkGroup = (name: string): string => {
  if (!name.endsWith('/'))
    throw new UsageError(
      `the group ${quoteRedacted(name)} has no trailing slash: write ${quoteRedacted(`${name}/`)}`,
    )
  checkKey(name.slice(0, -1), 'group')
  return name
}

/**
 * Checks a namespace. It has the grammar of a key.
 * @throws UsageError one sentence that says what to write instead.
 */
export const checkNamespace = (name: string): string => checkKey(name, 'namespace')

/**
 * Checks a state. It may be any text without control characters such as line breaks, because it is printed on one line.
 * @throws UsageError one sentence that says what to write instead.
 */
export const checkState = (state: string): string => {
  if (state === '') throw new UsageError('the state is empty: write a word such as ready')
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  if (/[\u0000-\u001f\u007f]/.test(state) || !state.isWellFormed()) {
    throw new UsageError(`the state ${quoteRedacted(state)} has a control character: leave it out`)
  }
  return state
}
