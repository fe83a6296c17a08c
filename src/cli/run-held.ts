import { type Command, pastProcess } from '../backends/process-identity.ts'
import { aborted, onAbort } from '../base/abort.ts'
import { LostError, TimeoutError } from '../base/errors.ts'
import { ENDING } from '../child/ending.ts'
import type { Preparation } from '../child/preparation.ts'
import { type CaughtSignals, catchSignals } from '../child/signals.ts'
import { supervise } from '../child/supervise.ts'
import type { Supervision } from '../child/supervision.ts'
import { withDeadline } from '../recipes/core/deadline.ts'
import { describeRemains } from '../recipes/core/session.ts'
import { reportLeft, reportRefused } from './failure/left-processes.ts'
import type { Interrupts } from './interrupts.ts'
import { note } from './output/print.ts'

/** What COMMAND runs under, and by whose loss it is ended. */
export interface Holding {
  readonly expiring?: AbortSignal
  readonly lost?: AbortSignal
  /** Told of COMMAND, before it starts and as soon as it runs. */
  include(describe: () => Command): Promise<void>
  /** COMMAND could not be ended by its loss: what the store has not given to others yet is kept. */
  linger?(): Promise<void>
}

interface RunOptions {
  readonly interrupts: Interrupts
  readonly environment: Readonly<Record<string, string>>
  readonly preparation?: Preparation
  /** COMMAND has ended by itself: whoever comes next need not wait until we have cleared up. */
  readonly onEnd?: () => void
}

/**
 * Runs COMMAND under what is held. Resolves to its exit code.
 * @throws LostError it was stopped, or not even started, since what is held was lost.
 */
export const runHeld = async (
  command: readonly string[],
  holding: Holding,
  { interrupts, environment, preparation, onEnd }: RunOptions,
): Promise<number> => {
  const caught = catchSignals()
  interrupts.signal.throwIfAborted()
  interrupts[Symbol.dispose]()
  let told: NodeJS.Signals | undefined
  const signals = hearing(caught, (signal) => {
    if (!ENDING.has(signal)) return
    told ??= signal
    interrupts.hurry(signal)
  })
  const { expiring, lost } = holding
  const including = includer(holding)
  try {
    const supervision = {
      ...{ env: environment, signals, preparation, expiring, lost, onEnd },
      ...including,
      ...teller(holding),
    }
    const outcome = await supervise(command, supervision)
    if (!outcome.stoppedBy) return outcome.code
    // Who was told to end does not begin again after a loss.
    if (told) interrupts.tell(told)
    throw lost?.reason ?? expiring?.reason ?? new LostError('session lost')
  } finally {
    caught.release()
    // A signal that comes now must not keep us from giving it up.
    interrupts.listen()
  }
}

/** Once, where COMMAND's process is known before it starts. */
const includer = (holding: Holding): Pick<Supervision, 'onReady' | 'onStart'> => {
  let included: Command | undefined
  /** Asked for again when the key is held anew, and processes may have ended by then. */
  const include = (describe: () => Command) => {
    let described: Command | undefined
    void holding.include(() => {
      described ??= describe()
      included = described
      return described
    })
  }
  return {
    onReady({ pid, mark }, target) {
      include(() => ({
        ...{ guard: pastProcess(pid), mark },
        ...(target && { target: pastProcess(target) }),
      }))
    },
    onStart(target) {
      const before = included
      if (before && !before.target) include(() => ({ ...before, target: pastProcess(target) }))
    },
  }
}

/** Says what of COMMAND cannot be ended. */
const teller = (holding: Holding): Pick<Supervision, 'onLeft' | 'onRefused'> => ({
  onLeft(processes) {
    void holding.linger?.()
    reportLeft(processes)
  },
  onRefused: reportRefused,
})

/** The same signals, of which somebody else hears too. */
const hearing = (caught: CaughtSignals, hear: (signal: NodeJS.Signals) => void): CaughtSignals => ({
  handTo: (receiver) => caught.handTo(receiver && both(hear, receiver)),
  release: () => caught.release(),
})

const both =
  (first: (signal: NodeJS.Signals) => void, second: (signal: NodeJS.Signals) => void) =>
  (signal: NodeJS.Signals): void => {
    first(signal)
    second(signal)
  }

/** Aborts when interrupted, or when what is held is lost. */
export const endOf = ({ lost }: Holding, { signal }: Interrupts): AbortSignal =>
  lost ? AbortSignal.any([signal, lost]) : signal

/**
 * Until interrupted or lost: then rejects. What is held need not have a timer or a socket of its own that keeps the
 * process alive.
 */
export const stayHeld = async (holding: Holding, interrupts: Interrupts): Promise<never> => {
  const timer = setInterval(() => {}, 2 ** 30)
  try {
    return await aborted(endOf(holding, interrupts))
  } finally {
    clearInterval(timer)
  }
}

/** A TTL that was raised is worth a remark. */
export const noteRaisedTtl = (wanted: number | undefined, inForce: number): void => {
  if (wanted !== undefined && inForce !== wanted)
    note(`the TTL is ${inForce / 1000} s: ${wanted / 1000} s is too short for this store`)
}

/** Says of what was given up without an answer how long others may have to wait for it. */
export const noteRemains = (what: string, given: { readonly remains: number }): void => {
  const sentence = describeRemains(what, given)
  if (sentence) note(sentence)
}

/** How long (milliseconds) is tried to give up what was held, while the store does not answer. */
const RELEASE_LIMIT = 10_000

/** Likewise, once a signal has told us to end: Docker kills a container 10 s after its TERM. */
export const HURRIED_RELEASE_LIMIT = 4_000

/** Likewise, where the store has been silent for long already. */
export const BRIEF_RELEASE_LIMIT = 300

/** Gives up what was held, within a limit of its own: what ended the holding does not end this. */
export const releaseWithin = <T>(
  { lost }: Pick<Holding, 'lost'>,
  interrupts: Interrupts,
  release: (signal: AbortSignal) => Promise<T>,
  timeout = RELEASE_LIMIT,
): Promise<T> =>
  withDeadline({ timeout: lost?.aborted ? BRIEF_RELEASE_LIMIT : timeout }, (limit) =>
    untilHurried(interrupts, (hurry) => release(AbortSignal.any([limit, hurry]))),
  )

/** Does what is left to do at the end. Its signal aborts some time after a signal has told us to end. */
export const untilHurried = async <T>(
  { hurried }: Interrupts,
  body: (signal: AbortSignal) => Promise<T>,
): Promise<T> => {
  const hurry = abortAfter(hurried, HURRIED_RELEASE_LIMIT)
  try {
    return await body(hurry.signal)
  } finally {
    hurry.stop()
  }
}

/** A signal that aborts so many milliseconds after another one. */
const abortAfter = (signal: AbortSignal, delay: number) => {
  const controller = new AbortController()
  let timer: NodeJS.Timeout | undefined
  const start = () => {
    timer = setTimeout(() => controller.abort(new TimeoutError('the store did not answer')), delay)
  }
  const stopListening = onAbort(signal, start)
  const stop = () => {
    stopListening()
    clearTimeout(timer)
  }
  return { signal: controller.signal, stop }
}
