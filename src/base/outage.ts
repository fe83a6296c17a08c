import { now } from './clock.ts'

/** Milliseconds for which a store may be silent before the listener is called. */
const REPORT_AFTER = 2_000

/** Receives the reason of a silence, if it is known. */
type Listener = (reason: string | undefined) => void

let listener: Listener | undefined
let reasonOf: (() => string) | undefined
let armed = false
/** The reasons of this outage that were reported. */
let reported: (string | undefined)[] = []
const silences = new Set<Silence>()

/** A call to a store, or a watch, that has no answer yet. */
export interface Silence {
  readonly since: number
  /** Notes that the store has answered. A later silence is another outage. */
  answered(): void
  /** Notes that the call ended without an answer. */
  end(): void
}

/**
 * Sets the function that is called when the store has been silent for two seconds and is still tried: once for each outage,
 * and once for each new reason.
 */
export const reportOutages = (tell: Listener | undefined): void => {
  listener = tell
}

/** Notes that a call to the store begins. Without a listener nothing is noted. */
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
  // One timer serves many short calls: it checks the calls that exist when it fires.
  if (!armed) arm(REPORT_AFTER)
  return silence
}

/** Notes why the store is unreachable at the moment. `reason` is called only for a report. */
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

/** Messages that only say that no answer came: they are not a reason, and the report says it already. */
const SILENT = [' does not answer within ', ' has been silent for ']

const report = (text: string | undefined): void => {
  const reason = SILENT.some((part) => text?.includes(part)) ? undefined : text
  if (reported.includes(reason)) return
  reported.push(reason)
  listener?.(reason)
}
