import type { Entry } from '../../backends/backend.ts'
import { put } from '../../backends/operations.ts'
import { ConflictError, LostError } from '../../base/errors.ts'
import { randomBytes } from '../../base/random.ts'
import { changeKey } from '../core/commit.ts'
import type { Position } from './position.ts'
import type { Topic } from './topic.ts'

/** The stored position of a named subscriber. */
interface Stored extends Position {
  /** The subscriber that uses the name. If two subscribers use one name, the older one ends. */
  readonly by: string
}

/** The position of a named subscriber in the store. */
export class Cursor {
  readonly #topic: Topic
  readonly #key: string
  readonly name: string
  readonly #owner = randomBytes(6).toString('hex')

  /** @throws UsageError the name is malformed. */
  constructor(topic: Topic, name: string) {
    this.#topic = topic
    this.name = name
    this.#key = topic.cursorKey(name)
  }

  /** Takes the name over, and resolves to its position. A new name begins at `start`, and stays there until `move`. */
  claim(start: Position, signal: AbortSignal): Promise<Position> {
    return this.#change((entry) => (entry ? this.#read(entry) : start), signal)
  }

  /**
   * Stores a new position.
   * @throws LostError another subscriber has taken over the name, or the name was cleared.
   */
  async move(position: Position, signal: AbortSignal): Promise<void> {
    await this.#change((entry) => {
      if (this.#isOurs(entry)) return position
      throw new LostError(
        `another subscriber uses the name ${this.name}, or the name was cleared: choose another name`,
      )
    }, signal)
  }

  #change(next: (entry: Entry | undefined) => Position, signal: AbortSignal): Promise<Position> {
    let written: Stored | undefined
    const plan = async (entry: Entry | undefined) => {
      const { topic, next: number } = next(entry)
      written = { topic, next: number, by: this.#owner }
      return { writes: [put(this.#key, JSON.stringify(written))], result: written }
    }
    const appliedTo = (entry: Entry | undefined) =>
      this.#isOurs(entry) && this.#read(entry).next === written?.next
    return changeKey(this.#topic.namespace.backend, { key: this.#key, plan, appliedTo }, { signal })
  }

  #isOurs(entry: Entry | undefined): entry is Entry {
    return entry !== undefined && this.#read(entry).by === this.#owner
  }

  #read({ key, value }: Entry): Stored {
    try {
      const stored = JSON.parse(Buffer.from(value).toString())
      if (Number.isSafeInteger(stored.next)) return stored
    } catch {
      // The value is not JSON.
    }
    throw new ConflictError(`${key} is not the position of a subscriber: choose another name`)
  }
}
