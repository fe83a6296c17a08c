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

/** The ownership under which COMMAND runs. If it is lost, COMMAND is ended. */
export interface Holding {
  readonly expiring?: AbortSignal
  readonly lost?: AbortSignal
  /**
   * Lets the session live as long as COMMAND, if the store sees processes die. Called before COMMAND starts and, if its
   * process is not known then, again when it runs.
   */
  include(describe: () => Command): Promise<void>
  /** Called if COMMAND did not end after a loss. Keeps the session alive as long as the store allows. */
  linger?(): Promise<void>
}

interface RunOptions {
  readonly interrupts: Interrupts
  readonly environment: Readonly<Record<string, string>>
  readonly preparation?: Preparation
  /**
   * Called when COMMAND has ended by itself, before any cleanup, so that the next owner does not wait for the cleanup.
   */
  readonly onEnd?: () => void
}

/**
 * Runs COMMAND under an ownership. Resolves to the exit code of COMMAND.
 * @throws LostError the ownership was lost, so COMMAND was ended or not even started.
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
    // A process that was told to end must not campaign again after a loss.
    if (told) interrupts.tell(told)
    throw lost?.reason ?? expiring?.reason ?? new LostError('session lost')
  } finally {
    caught.release()
    // From now on, a signal must not end the process before the release.
    interrupts.listen()
  }
}

/** Includes COMMAND in the session: once if its process is known before the start, otherwise also after the start. */
const includer = (holding: Holding): Pick<Supervision, 'onReady' | 'onStart'> => {
  let included: Command | undefined
  // The description is made only once: it is needed again for a later session, when processes may have ended already.
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

/** Reports the processes of COMMAND that cannot be ended, and the signals that cannot be forwarded. */
const teller = (holding: Holding): Pick<Supervision, 'onLeft' | 'onRefused'> => ({
  onLeft(processes) {
    void holding.linger?.()
    reportLeft(processes)
  },
  onRefused: reportRefused,
})

/** The same signals. `hear` is called with each of them before the receiver. */
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

/** Aborts when this process is interrupted, or when the ownership is lost. */
export const endOf = ({ lost }: Holding, { signal }: Interrupts): AbortSignal =>
  lost ? AbortSignal.any([signal, lost]) : signal

/**
 * Rejects when this process is interrupted, or when the ownership is lost. Has a timer, because the ownership may have
 * neither a timer nor a socket that keeps the process alive.
 */
export const stayHeld = async (holding: Holding, interrupts: Interrupts): Promise<never> => {
  const timer = setInterval(() => {}, 2 ** 30)
  try {
    return await aborted(endOf(holding, interrupts))
  } finally {
    clearInterval(timer)
  }
}

/** Prints a note if the store has raised the TTL. */
export const noteRaisedTtl = (wanted: number | undefined, inForce: number): void => {
  if (wanted !== undefined && inForce !== wanted)
    note(`the TTL is ${inForce / 1000} s: ${wanted / 1000} s is too short for this store`)
}

/** Prints a note if the store has not confirmed the release: others may have to wait for the end of the session. */
export const noteRemains = (what: string, given: { readonly remains: number }): void => {
  const sentence = describeRemains(what, given)
  if (sentence) note(sentence)
}

/** The time limit of a release, in milliseconds, while the store does not answer. */
const RELEASE_LIMIT = 10_000

/** The same limit after a signal that ends this process. Docker kills a container 10 s after SIGTERM. */
export const HURRIED_RELEASE_LIMIT = 4_000

/** The same limit if the store has been silent for long already. */
export const BRIEF_RELEASE_LIMIT = 300

/** Releases an ownership within its own time limit: the signal that ended the ownership does not end the release. */
export const releaseWithin = <T>(
  { lost }: Pick<Holding, 'lost'>,
  interrupts: Interrupts,
  release: (signal: AbortSignal) => Promise<T>,
  timeout = RELEASE_LIMIT,
): Promise<T> =>
  withDeadline({ timeout: lost?.aborted ? BRIEF_RELEASE_LIMIT : timeout }, (limit) =>
    untilHurried(interrupts, (hurry) => release(AbortSignal.any([limit, hurry]))),
  )

/**
 * Runs the work that remains at the end. Its signal aborts HURRIED_RELEASE_LIMIT after a signal that ends this process.
 */
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

/** A signal that aborts `delay` milliseconds after another one. */
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
