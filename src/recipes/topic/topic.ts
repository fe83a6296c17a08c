import type { Entry } from '../../backends/backend.ts'
import { absent, put } from '../../backends/operations.ts'
import { IndeterminateError, NoError } from '../../base/errors.ts'
import { randomBytes } from '../../base/random.ts'
import { commitUntilAnswered } from '../core/commit.ts'
import { checkKey } from '../core/keys.ts'
import { keyIn, type Namespace } from '../core/namespace.ts'
import { atDeadline, retry, retryUntilAvailable } from '../core/retry.ts'
import { encodeHead, type Head, type KnownHead, readHead } from './head.ts'

/** As many digits as a number has in a key, so that keys are in the order of the numbers. */
const DIGITS = 12
const MAX_NUMBER = 10 ** DIGITS - 1

/** The keys of one topic, and its head. */
export class Topic {
  readonly namespace: Namespace
  readonly name: string
  /** All of the topic lies below it. */
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
    if (number > MAX_NUMBER) throw new NoError(`the topic ${this.name} is full: clear it`)
    return this.prefix + String(number).padStart(DIGITS, '0')
  }

  cursorKey(name: string): string {
    return `${this.prefix}cursor/${checkKey(name, 'name of the subscriber')}`
  }

  /** The number of a page by its key; of another key `undefined`. */
  numberOf(key: string): number | undefined {
    const rest = key.slice(this.prefix.length)
    return /^\d{12}$/.test(rest) ? Number(rest) : undefined
  }

  async get(key: string, signal: AbortSignal | undefined): Promise<Entry | undefined> {
    const { backend } = this.namespace
    return retryUntilAvailable({ signal }, () => backend.get(key, { signal }))
  }

  /** The head as it is, made where there is none: then the topic is known by it from now on, though it is empty. */
  async open(signal: AbortSignal | undefined): Promise<KnownHead> {
    return retry({ signal }, async () => {
      const entry = await this.get(this.headKey, signal)
      return entry ? readHead(entry) : this.#create(signal)
    })
  }

  /** `undefined`: it is there already. An empty topic is as good as none: whether it was made matters to nobody. */
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
