import type { CallOptions, Entry } from '../../backends/backend.ts'
import { absent, put } from '../../backends/operations.ts'
import { backoff } from '../../backoff.ts'
import { IndeterminateError, NoError } from '../../errors.ts'
import { randomBytes } from '../../random.ts'
import { checkKey } from '../keys.ts'
import { atDeadline, whenAvailable } from '../retry.ts'
import { keyIn, type Space } from '../space.ts'
import { encodeHead, type Head, type KnownHead, readHead } from './head.ts'

/** As many digits as a number has in a key, so that keys are in the order of the numbers. */
const DIGITS = 12
const GREATEST = 10 ** DIGITS - 1

/** The keys of one topic, and its head. */
export class Topic {
  readonly space: Space
  readonly name: string
  /** All of the topic lies below it. */
  readonly prefix: string
  readonly headKey: string

  /** @throws UsageError the name is malformed. */
  constructor(space: Space, name: string) {
    this.space = space
    this.name = name
    this.prefix = `${keyIn(space, 'topic', name)}/`
    this.headKey = `${this.prefix}head`
  }

  /** The key of the page that begins with this message. */
  pageKey(number: number): string {
    if (number > GREATEST) throw new NoError(`the topic ${this.name} is full: clear it`)
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
    const { backend } = this.space
    return whenAvailable({ signal }, () => backend.get(key, { signal }))
  }

  /** The head as it is, made where there is none: then the topic is known by it from now on, though it is empty. */
  async open(signal: AbortSignal | undefined): Promise<KnownHead> {
    for (const pause of backoff()) {
      const entry = await this.get(this.headKey, signal)
      const known = entry ? readHead(entry) : await this.#create(signal)
      if (known) return known
      await pause(signal)
      signal?.throwIfAborted()
    }
    throw new Error('a backoff never ends')
  }

  /** `undefined`: somebody else was faster, or no answer came; looking again tells. */
  async #create(signal: AbortSignal | undefined): Promise<KnownHead | undefined> {
    const head = newHead()
    try {
      const result = await whenAvailable({ signal }, () => this.#createOnce(head, { signal }))
      return result.outcome === 'ok' ? { head, modRevision: result.revision } : undefined
    } catch (error) {
      if (!(error instanceof IndeterminateError)) throw error
      // An empty topic is as good as none: whether it was made matters to nobody.
      if (signal?.aborted) throw atDeadline(signal.reason)
      return undefined
    }
  }

  #createOnce(head: Head, options: CallOptions) {
    const { backend } = this.space
    return backend.commit([absent(this.headKey)], [put(this.headKey, encodeHead(head))], options)
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
