import { now } from './clock.ts'

/** Milliseconds for which a store may be silent before somebody is told. */
const REPORT_AFTER = 2_000

/** Is told of a silence, and why it lasts, as far as that is known. */
type Listener = (reason: string | undefined) => void

let listener: Listener | undefined
let reasonOf: (() => string) | undefined
let waitsForReason = false
let armed = false
/** The reasons that were told of this outage. */
let reported: (string | undefined)[] = []
const silences = new Set<Silence>()

/** A call to a store, or a watch of it, that has no answer yet. */
export interface Silence {
  readonly since: number
  /** The store has answered: what comes after it is another outage. */
  answered(): void
  /** It was given up. */
  end(): void
}

/**
 * Has somebody told that a store has been silent for two seconds and is still tried, once for each outage and each new
 * reason of it. `local`: the store is a file, which is never silent without a reason. Then a timer is made only when a
 * reason is known: to make one takes 0.2 ms of a short command's start.
 */
export const reportOutages = (tell: Listener | undefined, { local = false } = {}): void => {
  listener = tell
  waitsForReason = local
}

/** The store is asked something. Nothing is kept of it where nobody is to be told. */
export const beginSilence = (): Silence | undefined => {
  if (!listener) return undefined
  const silence: Silence = {
    since: now(),
    answered() {
      end(silence)
      if (silences.size === 0) reported = []
    },
    end: () => end(silence),
  }
  silences.add(silence)
  // One timer for many short calls: it looks which are there when it fires.
  if (!armed && !waitsForReason) arm(REPORT_AFTER)
  return silence
}

/** Why the store cannot be reached at the moment: asked for only when somebody is told. */
export const explainSilence = (reason: () => string): void => {
  if (silences.size === 0) return
  reasonOf = reason
  if (!armed) check()
}

const end = (silence: Silence): void => {
  silences.delete(silence)
  if (silences.size === 0) reasonOf = undefined
}

const arm = (length: number): void => {
  armed = true
  setTimeout(check, length).unref()
}

const check = (): void => {
  armed = false
  const [oldest] = silences
  if (!oldest) return
  const left = Math.ceil(oldest.since + REPORT_AFTER - now())
  if (left > 0 && reported.length === 0) arm(left)
  else report(reasonOf?.())
}

/** That it has not answered for so long is no reason, and was said. */
const SILENT = [' does not answer within ', ' has been silent for ']

const report = (text: string | undefined): void => {
  const reason = SILENT.some((part) => text?.includes(part)) ? undefined : text
  if (reported.includes(reason)) return
  reported.push(reason)
  listener?.(reason)
}
