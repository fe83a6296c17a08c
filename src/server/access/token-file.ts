import { UsageError } from '../../base/errors.ts'
import { SCOPES, type Scope } from './scope.ts'
import { everything, type Grant } from './tokens.ts'

const FORM = 'write TOKEN, or SCOPE,SCOPE TOKEN'

/**
 * Parses a token file. Each line has a token, with its scopes before it. A token without scopes has all of them. Empty
 * lines, and lines that begin with `#`, are ignored.
 * @throws UsageError that names the line, and never the token.
 */
export const parseTokenFile = (text: string, name: string): Grant[] => {
  const grants = text.split('\n').flatMap((line, at) => parseLine(line.trim(), `${name}:${at + 1}`))
  if (grants.length === 0) throw new UsageError(`${name} has no token: ${FORM}`)
  const twice = grants.some(({ token }, at) => grants.findIndex((one) => one.token === token) < at)
  if (twice) throw new UsageError(`${name} has a token twice: write each token once`)
  return grants
}

const parseLine = (line: string, place: string): Grant[] => {
  if (line === '' || line.startsWith('#')) return []
  const [first = '', second, ...more] = line.split(/\s+/)
  if (more.length > 0) throw new UsageError(`${place} has too many words: ${FORM}`)
  if (second === undefined) return [everything(checkToken(first, place))]
  const scopes = first.split(',').map((word) => checkScope(word, place))
  return [{ token: checkToken(second, place), scopes }]
}

const checkToken = (token: string, place: string): string => {
  if (/^[\x21-\x7e]+$/.test(token)) return token
  throw new UsageError(
    `${place} has a token with characters that are not allowed in an HTTP header`,
  )
}

/** The message does not show an unknown scope, because the word may be a token. */
const checkScope = (word: string, place: string): Scope => {
  const scope = SCOPES.find((one) => one === word)
  if (scope) return scope
  throw new UsageError(`${place} has an unknown scope: use ${SCOPES.join(', ')}`)
}
