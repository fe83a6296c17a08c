import type { Listing, WatchEvent } from '../../backends/backend.ts'
import { keyOf } from '../../backends/watch/watch-queue.ts'
import { UsageError } from '../../base/errors.ts'
import { printable } from '../../base/redact.ts'
import { KINDS } from '../../recipes/kinds.ts'

const MAX_KEY_LENGTH = 1_024

const kinds: ReadonlySet<string> = new Set(KINDS)

/**
 * The rule that says which keys of the store the clients may use: `<namespace>/<kind>/<name>`. In a store that other
 * programs use too, clients may use only the namespaces that are named.
 */
export class KeyPolicy {
  /** `undefined`: any namespace. */
  readonly namespaces: readonly string[] | undefined

  constructor(namespaces: readonly string[] | undefined) {
    this.namespaces = namespaces
  }

  /** @throws UsageError if clients may not use the key. */
  checkKey(key: string): string {
    if (!isWellFormed(key) || !this.#isAllowed(key)) throw this.#refusal(key)
    return key
  }

  /**
   * Checks a key, or a prefix with a trailing slash. A prefix above the kinds is permitted: see `onlyAllowed`.
   * @throws UsageError if clients may not use the key or the prefix.
   */
  checkScope(scope: string): string {
    if (!scope.endsWith('/')) return this.checkKey(scope)
    if (!isWellFormed(scope.slice(0, -1)) || !this.#leadsToAllowed(scope))
      throw this.#refusal(scope)
    return scope
  }

  /** Whether a scope may contain keys that clients may not use. */
  isWide(scope: string): boolean {
    return scope.endsWith('/') && !this.#isAllowed(scope)
  }

  onlyAllowed(listing: Listing): Listing {
    return { ...listing, entries: listing.entries.filter(({ key }) => this.#isAllowed(key)) }
  }

  /** Yields the events of a watch, without the keys that clients may not use. */
  async *onlyAllowedEvents(events: AsyncIterable<WatchEvent>): AsyncGenerator<WatchEvent> {
    for await (const event of events) {
      if (event.kind === 'snapshot') yield { ...event, ...this.onlyAllowed(event) }
      else if (event.kind === 'interrupted') yield event
      else {
        const changes = event.changes.filter((change) => this.#isAllowed(keyOf(change)))
        if (changes.length > 0) yield { kind: 'changes', changes }
      }
    }
  }

  #isAllowed(key: string): boolean {
    if (!this.namespaces) return hasKind(key.split('/'))
    return this.namespaces.some(
      (namespace) =>
        key.startsWith(`${namespace}/`) && startsWithKind(key.slice(namespace.length + 1)),
    )
  }

  /** Whether a prefix leads to one of the permitted namespaces, or lies in one. */
  #leadsToAllowed(prefix: string): boolean {
    const namespaces = this.namespaces?.map((namespace) => `${namespace}/`)
    return namespaces?.some((one) => one.startsWith(prefix) || prefix.startsWith(one)) ?? true
  }

  #refusal(key: string): UsageError {
    const shown = printable(JSON.stringify(key.slice(0, 80)))
    const where = this.namespaces
      ? ` in a namespace of this server (${this.namespaces.join(', ')})`
      : ''
    return new UsageError(`${shown} is not a key of the form NAMESPACE/KIND/NAME${where}`)
  }
}

/**
 * Whether a segment behind the namespace is a kind, with a name behind it. The namespace may contain slashes itself.
 */
const hasKind = (segments: readonly string[]): boolean =>
  segments.some((segment, at) => at > 0 && at < segments.length - 1 && kinds.has(segment))

const startsWithKind = (rest: string): boolean => {
  const [kind = '', name] = rest.split('/')
  return kinds.has(kind) && name !== undefined
}

const isWellFormed = (key: string): boolean =>
  Buffer.byteLength(key) <= MAX_KEY_LENGTH &&
  key.isWellFormed() &&
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  !/[\u0000-\u001f\u007f]/.test(key) &&
  key.split('/').every((segment) => segment !== '' && segment !== '.' && segment !== '..')
