import type { Entry } from '../../backends/backend.ts'
import { absent, put } from '../../backends/operations.ts'
import { IndeterminateError, NoError } from '../../base/errors.ts'
import { randomBytes } from '../../base/random.ts'
import { commitUntilAnswered } from '../core/commit.ts'
import { checkKey } from '../core/keys.ts'
import { keyIn, type Namespace } from '../core/namespace.ts'
import { atDeadline, retry, retryUntilAvailable } from '../core/retry.ts'
import { encodeHead, type Head, type KnownHead, readHead } from './head.ts'

/**
 * The number of digits in a page's key. All keys have the same number, so that they are in the order of the messages.
 */
const DIGITS = 12
const MAX_NUMBER = 10 ** DIGITS - 1

/** The keys of one topic, and its head. */
export class Topic {
  readonly namespace: Namespace
  readonly name: string
  /** The prefix of all keys of the topic. */
  readonly prefix: string
  readonly headKey: string

  /** @throws UsageError the name is malformed. */
  constructor(namespace: Namespace, name: string) {
    this.namespace = namespace
    this.name = name
    this.prefix = `${keyIn(namespace, 'topic', name)}/`
    this.headKey = `${this.prefix}head`
  }

  /** The key of the page that begins with this message. */
  pageKey(number: number): string {
    if (number > MAX_NUMBER)
      throw new NoError(`the topic ${this.name} is full: clear it, or choose another name`)
    return this.prefix + String(number).padStart(DIGITS, '0')
  }

  cursorKey(name: string): string {
    return `${this.prefix}cursor/${checkKey(name, 'name of the subscriber')}`
  }

  /** The number in the key of a page. `undefined` for any other key. */
  numberOf(key: string): number | undefined {
    const rest = key.slice(this.prefix.length)
    return /^\d{12}$/.test(rest) ? Number(rest) : undefined
  }

  async get(key: string, signal: AbortSignal | undefined): Promise<Entry | undefined> {
    const { backend } = this.namespace
    return retryUntilAvailable({ signal }, () => backend.get(key, { signal }))
  }

  /**
   * Reads the head, and creates it if it is absent. From then on the topic exists, with this id, even if it is empty.
   */
  async open(signal: AbortSignal | undefined): Promise<KnownHead> {
    return retry({ signal }, async () => {
      const entry = await this.get(this.headKey, signal)
      return entry ? readHead(entry) : this.#create(signal)
    })
  }

  /**
   * `undefined` if the head exists already. An empty topic is as good as an absent one, so it does not matter whether
   * an unanswered commit has created it.
   */
  async #create(signal: AbortSignal | undefined): Promise<KnownHead | undefined> {
    const head = newHead()
    const { backend } = this.namespace
    const write = put(this.headKey, encodeHead(head))
    try {
      const { result } = await commitUntilAnswered(backend, [absent(this.headKey)], [write], {
        signal,
      })
      return result.outcome === 'ok' ? { head, modRevision: result.revision } : undefined
    } catch (error) {
      throw error instanceof IndeterminateError ? atDeadline(signal?.reason) : error
    }
  }
}

const newHead = (): Head => ({
  id: randomBytes(4).toString('hex'),
  first: 1,
  next: 1,
  last: 1,
  largest: 0,
  oldest: { end: 1, time: 0 },
})
