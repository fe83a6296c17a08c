import type { Backend, Change, Entry } from '../../backends/backend.ts'
import { keyOf } from '../../backends/watch/watch-queue.ts'
import { keepNewest } from '../../base/keep-newest.ts'
import { printable } from '../../base/redact.ts'
import { type Namespace, nameIn, prefixIn } from '../../recipes/core/namespace.ts'
import { parseRecord, type SessionRecord, sessionKey } from '../../recipes/core/session-record.ts'
import { Newest } from './newest.ts'
import type { SignalMark, Waiter } from './protocol.ts'

/** The most signals that are remembered. */
const MAX_REMEMBERED = 1_000

/**
 * The most writes of clients that are remembered until the watch reports them, and the time limit for that in
 * milliseconds.
 */
const WRITES = 1_000
const WRITE_TIME = 5_000

/** The watch may report a signal up to this many milliseconds after the waiters that it has released. */
const LAG = 500

interface Writing {
  readonly by: Waiter
  readonly at: number
}

/** The newest signals, as the store's watch reports them, with the clients that set them if they are known. */
export class Signals {
  readonly #namespace: Namespace
  readonly #noted: (mark: SignalMark) => void
  readonly #marks = new Newest<SignalMark>(MAX_REMEMBERED)
  readonly #writing = new Map<string, Writing>()
  #count = 0
  /** The revision up to which the watch has been read. `undefined`: nothing has been read. */
  #revision: number | undefined

  /** `noted` is called with each mark. */
  constructor(namespace: Namespace, noted: (mark: SignalMark) => void) {
    this.#namespace = namespace
    this.#noted = noted
  }

  get all(): SignalMark[] {
    return this.#marks.all
  }

  /**
   * Notes that a client is about to write a key (its full name). If the watch reports the key soon, this client wrote
   * it.
   */
  writing(key: string, by: Waiter): void {
    if (!key.startsWith(prefixIn(this.#namespace, 'signal'))) return
    this.#writing.delete(key)
    this.#writing.set(key, { by, at: Date.now() })
    keepNewest(this.#writing, WRITES)
  }

  /** Follows the signals until `signal` aborts. Calls `seen` with the revision up to which the watch has been read. */
  async follow(
    backend: Backend,
    seen: (revision: number) => void,
    signal: AbortSignal,
  ): Promise<void> {
    for await (const event of backend.watch(prefixIn(this.#namespace, 'signal'), signal)) {
      if (event.kind === 'interrupted') continue
      const changes = event.kind === 'changes' ? event.changes : this.#missed(event.entries)
      for (const change of changes) await this.#note(change)
      const revisions = changes.map((change) =>
        change.kind === 'put' ? change.entry.modRevision : change.revision,
      )
      const snapshot = event.kind === 'snapshot' ? event.revision : 0
      this.#revision = revisions.reduce((a, b) => Math.max(a, b), this.#revision ?? snapshot)
      seen(Math.max(this.#revision, snapshot))
    }
  }

  /**
   * Returns the entries of a snapshot that are newer than all that was read before. Keys that were cleared in the
   * meantime are not known.
   */
  #missed(entries: readonly Entry[]): Change[] {
    const before = this.#revision
    if (before === undefined) return []
    return entries
      .filter(({ modRevision }) => modRevision > before)
      .map((entry) => ({ kind: 'put', entry }))
  }

  async #note(change: Change): Promise<void> {
    const entry = change.kind === 'put' ? change.entry : undefined
    const at = Date.now()
    const by = await this.#authorOf(keyOf(change), entry, at)
    this.#count++
    const mark: SignalMark = {
      id: String(this.#count),
      key: nameIn(this.#namespace, 'signal', keyOf(change)),
      state: entry ? printable(Buffer.from(entry.value).toString()) : null,
      at,
      ...(by && { by }),
    }
    this.#marks.add(mark)
    this.#noted(mark)
  }

  #writer(key: string, now: number): Waiter | undefined {
    const writing = this.#writing.get(key)
    this.#writing.delete(key)
    return writing && now - writing.at <= WRITE_TIME ? writing.by : undefined
  }

  /**
   * Returns who wrote an entry. If a server holds the session for a client, the session names the process of the
   * server, not the client.
   */
  async #authorOf(key: string, entry: Entry | undefined, now: number): Promise<Waiter | undefined> {
    const writer = this.#writer(key, now)
    const holder = await this.#holder(entry)
    if (!holder) return writer
    return holder.by === undefined
      ? { ...writer, host: holder.host, pid: holder.pid }
      : (writer ?? { name: holder.by })
  }

  async #holder(entry: Entry | undefined): Promise<SessionRecord | undefined> {
    if (entry?.lease === undefined) return undefined
    const key = sessionKey(this.#namespace, entry.lease)
    return parseRecord(await this.#namespace.backend.get(key).catch(() => undefined))
  }

  /** Returns the newest signal of a period that matches a target: a key or a group, with or without states. */
  releasing(target: string, since: number, until: number): SignalMark | undefined {
    const fits = fitting(target)
    for (const mark of this.#marks.backwards()) {
      if (mark.at < since) return undefined
      if (mark.at <= until + LAG && fits(mark)) return mark
    }
    return undefined
  }
}

const fitting = (target: string): ((mark: SignalMark) => boolean) => {
  const [name = '', ...state] = target.split('=')
  const isNamed = name.endsWith('/')
    ? (key: string) => key.slice(0, key.lastIndexOf('/') + 1) === name
    : (key: string) => key === name
  if (state.length === 0) return ({ key }) => isNamed(key)
  const states = state.join('=').split(',')
  return (mark) =>
    isNamed(mark.key) &&
    mark.state !== null &&
    (states.includes('*') || states.includes(mark.state))
}
