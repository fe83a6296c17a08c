import { performance } from 'node:perf_hooks'
import type { PushPeer } from './push-peer.ts'

/** Messages after a pause of this length (milliseconds) are a burst. */
const PAUSE = 100

/** Milliseconds that a burst waits for a peer that has not answered. */
const ANSWER_LIMIT = 1_000
/** Milliseconds that a burst waits for a peer that has answered, but has not read its first message. */
const FIRST_ANSWER_LIMIT = 200

/**
 * In a burst, a peer's lead over a peer that has not answered yet is at most this many messages plus a sixteenth of the
 * messages that the other peer got.
 */
const LEAD = 3
const LEAD_SHARE = 1 / 16

/**
 * When the reporting peers have read nothing for this long (milliseconds), peers that never report are no longer
 * compared with them.
 */
const SILENCE = 1_000

/** The state of one peer. */
interface Share {
  readonly peer: PushPeer
  /** When the peer got its last message, as a number that rises with each message. */
  turn: number
  /** The number of messages that the peer got in this burst. */
  burst: number
  /**
   * The number of messages that the peer has read, or that were sent to it if it does not report. It starts at the pace
   * that was current when the peer joined.
   */
  pace: number
  /** How much of the peer's `read` is already contained in its pace. */
  counted: number
}

/**
 * Selects the peer for the next message: among the free peers the one with the fewest unread messages, and among equals
 * the one whose last message is longest ago. There are two further rules:
 *
 * - A burst may be over before every receiver was scheduled once. So during a burst, no peer gets far ahead of a peer
 *   that has not answered yet.
 * - The unread messages of a peer that does not report are unknown. It is assumed to read as fast as the fastest of
 *   those that do.
 */
export class Sharing {
  readonly #onRetry: () => void
  #shares: Share[] = []
  #turn = 0
  #last = Number.NEGATIVE_INFINITY
  #burstSince = 0
  /** The pace of the fastest reporting peer. */
  #pace = 0
  #paceSince = 0
  #retry: NodeJS.Timeout | undefined

  /** `onRetry` is called when a peer that was passed over may be selected now. */
  constructor(onRetry: () => void) {
    this.#onRetry = onRetry
  }

  get peers(): readonly PushPeer[] {
    return this.#shares.map(({ peer }) => peer)
  }

  /** The number of peers that may get messages now or later. */
  get ready(): number {
    return this.#shares.reduce((sum, { peer }) => sum + (peer.ready ? 1 : 0), 0)
  }

  /** A peer that joins later gets its share from then on. */
  join(peer: PushPeer): void {
    const burst = Math.min(...this.#shares.map((share) => share.burst))
    this.#shares.push({
      peer,
      turn: 0,
      burst: Number.isFinite(burst) ? burst : 0,
      pace: this.#pace,
      counted: 0,
    })
  }

  leave(peer: PushPeer): void {
    this.#shares = this.#shares.filter((share) => share.peer !== peer)
  }

  close(): void {
    clearTimeout(this.#retry)
  }

  /** The peer that gets the next message; `undefined` if no peer may get it now. */
  next(): PushPeer | undefined {
    const now = performance.now()
    const best = this.#best(now)
    if (!best) return undefined
    this.#last = now
    best.turn = ++this.#turn
    best.burst++
    if (best.peer.read === undefined) best.pace = Math.max(best.pace, this.#pace) + 1
    return best.peer
  }

  #beginBurst(now: number): void {
    this.#burstSince = now
    for (const share of this.#shares) share.burst = 0
  }

  #best(now: number): Share | undefined {
    const most = this.#mostInBurst(now)
    if (most === Number.POSITIVE_INFINITY && now - this.#last > PAUSE) this.#beginBurst(now)
    let lead: number | undefined
    let best: Share | undefined
    let fewest = 0
    let passedOver = false
    for (const share of this.#shares) {
      if (!share.peer.free) continue
      const { read, sent } = share.peer
      if (read === undefined) lead ??= this.#lead(now)
      const unread =
        read === undefined ? Math.max(0, share.pace - this.#pace) : Math.max(0, sent - read)
      if (share.burst >= most || (read === undefined && unread >= (lead ?? 0))) {
        passedOver = true
      } else if (!best || unread < fewest || (unread === fewest && share.turn < best.turn)) {
        best = share
        fewest = unread
      }
    }
    if (!best && passedOver) this.#checkAgain(now)
    return best
  }

  /** Updates the pace. Returns by how many messages peers that do not report may be ahead of it. */
  #lead(now: number): number {
    let reports = false
    for (const share of this.#shares) {
      const { read } = share.peer
      if (read === undefined) continue
      reports = true
      share.pace += read - share.counted
      share.counted = read
      if (share.pace <= this.#pace) continue
      this.#pace = share.pace
      this.#paceSince = now
    }
    return reports && now - this.#paceSince < SILENCE ? LEAD : Number.POSITIVE_INFINITY
  }

  /** A peer that got this many messages in the burst gets no more of it for now. */
  #mostInBurst(now: number): number {
    const age = now - this.#burstSince
    if (age > ANSWER_LIMIT) return Number.POSITIVE_INFINITY
    let behind = Number.POSITIVE_INFINITY
    for (const { peer, burst } of this.#shares) {
      const isNew = peer.read === 0 && age <= FIRST_ANSWER_LIMIT
      if (burst > 0 && (peer.silent || isNew)) behind = Math.min(behind, burst)
    }
    return behind * (1 + LEAD_SHARE) + LEAD
  }

  #checkAgain(now: number): void {
    const ends = [
      this.#burstSince + FIRST_ANSWER_LIMIT,
      this.#burstSince + ANSWER_LIMIT,
      this.#paceSince + SILENCE,
    ].filter((end) => end > now)
    if (ends.length === 0) return
    clearTimeout(this.#retry)
    this.#retry = setTimeout(this.#onRetry, Math.min(...ends) - now + 1)
  }
}
