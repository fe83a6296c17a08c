import { aborted } from '../aborted.ts'
import { catchSignals } from '../child/signals.ts'
import { supervise } from '../child/supervise.ts'
import { LostError } from '../errors.ts'
import type { Interrupts } from './interrupts.ts'
import { note } from './output.ts'

/** What COMMAND runs under, and by whose loss it is ended. */
interface Tenure {
  readonly expiring?: AbortSignal
  readonly lost?: AbortSignal
  /** Told of COMMAND's process, or (negative) process group, as soon as it runs. */
  include?(target: number): Promise<void>
}

interface RunOptions {
  readonly interrupts: Interrupts
  readonly environment: Readonly<Record<string, string>>
}

/**
 * Runs COMMAND under what is held. Resolves to its exit code.
 * @throws LostError it was stopped, or not even started, since what is held was lost.
 */
export const runHeld = async (
  command: readonly string[],
  tenure: Tenure,
  { interrupts, environment }: RunOptions,
): Promise<number> => {
  const signals = catchSignals()
  interrupts[Symbol.dispose]()
  interrupts.signal.throwIfAborted()
  const { expiring, lost } = tenure
  const onStart = (target: number) => void tenure.include?.(target)
  // They stay caught: a signal that comes now must not keep us from giving up what is held.
  const outcome = await supervise(command, { env: environment, signals, expiring, lost, onStart })
  if (outcome.stoppedBy) {
    throw lost?.reason ?? expiring?.reason ?? new LostError('what was held was lost')
  }
  return outcome.code
}

/** Aborts when interrupted, or when what is held is lost. */
export const endOf = ({ lost }: Tenure, { signal }: Interrupts): AbortSignal =>
  lost ? AbortSignal.any([signal, lost]) : signal

/**
 * Until interrupted or lost: then rejects. What is held need not have a timer or a socket of its own that keeps the
 * process alive.
 */
export const stayHeld = async (tenure: Tenure, interrupts: Interrupts): Promise<never> => {
  const timer = setInterval(() => {}, 2 ** 30)
  try {
    return await aborted(endOf(tenure, interrupts))
  } finally {
    clearInterval(timer)
  }
}

/** A TTL that the backend has raised is worth a remark. */
export const noteRaisedTtl = (wanted: number | undefined, inForce: number): void => {
  if (wanted !== undefined && inForce !== wanted)
    note(`the TTL is ${inForce / 1000} s, the least that the backend can`)
}
