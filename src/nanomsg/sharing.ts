import { performance } from 'node:perf_hooks'
import type { PushPeer } from './push-peer.ts'

/** Messages after a pause of so long (milliseconds) are a burst. */
const PAUSE = 100

/** How long (milliseconds) a burst waits for a peer that has not answered, … */
const ANSWER_LIMIT = 1_000
/** … and for one that has, and has not read its first message. */
const FIRST_ANSWER_LIMIT = 200

/** In a burst a peer may get so many messages more than one that has not answered yet, and a sixteenth of those that this one got. */
const LEAD = 3
const LEAD_SHARE = 1 / 16

/** How long (milliseconds) those that report may be silent before peers that never report are not compared with them any more. */
const SILENCE = 1_000

/** One of those that share. */
interface Share {
  readonly peer: PushPeer
  /** When it got its last message, as a number that grows. */
  turn: number
  /** How many it got in this burst. */
  burst: number
  /** How many have been read by it, or sent to it if it does not tell, counted on from the pace that it found. */
  pace: number
  /** How much of its peer's `read` is in its pace. */
  counted: number
}

/**
 * Who gets the next message: of those that are free, the one with the fewest unread messages, and among equals the one
 * whose last message is longest ago. Two rules beside that:
 *
 * - A burst may be over before all receivers were scheduled once. So nobody gets far ahead of one that has not answered
 *   yet, for as long as a burst lasts.
 * - What a peer that does not report has not read is not known. It is taken to read as fast as the quickest of those that do.
 */
export class Sharing {
  readonly #onRetry: () => void
  #shares: Share[] = []
  #turn = 0
  #last = Number.NEGATIVE_INFINITY
  #burstSince = 0
  /** How many messages the quickest of those that report has read. */
  #pace = 0
  #paceSince = 0
  #retry: NodeJS.Timeout | undefined

  /** `onRetry` is called when a peer that was passed over may be chosen now. */
  constructor(onRetry: () => void) {
    this.#onRetry = onRetry
  }

  get peers(): readonly PushPeer[] {
    return this.#shares.map(({ peer }) => peer)
  }

  /** How many may get messages now or later. */
  get ready(): number {
    return this.#shares.reduce((sum, { peer }) => sum + (peer.ready ? 1 : 0), 0)
  }

  /** One that comes later gets its share from then on. */
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

  /** The peer that gets the next message; `undefined`: none may now. */
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

  /** Brings the pace up to date. Returns by how much peers that do not report may be ahead of it. */
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

  /** So many in this burst are too many. */
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
