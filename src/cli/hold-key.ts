import { createInterface } from 'node:readline'
import { untilAborted } from '../base/abort.ts'
import { describe } from '../base/errors.ts'
import { type Limits, withDeadline } from '../recipes/core/deadline.ts'
import type { Namespace } from '../recipes/core/namespace.ts'
import { Hold } from '../recipes/hold.ts'
import { Membership } from '../recipes/membership.ts'
import type { Interrupts } from './interrupts.ts'
import { note, printResult } from './output/print.ts'
import {
  endOf,
  type Holding,
  noteRaisedTtl,
  noteRemains,
  releaseWithin,
  runHeld,
  stayHeld,
} from './run-held.ts'

export interface HoldKeyOptions {
  /** The limits for taking the key. Their timeout also limits the release. */
  readonly limits: Limits
  readonly interrupts: Interrupts
  readonly command: readonly string[] | undefined
  readonly environment: Readonly<Record<string, string>>
  readonly statesFromStdin: boolean
  readonly onSuccess: string | undefined
  readonly onFailure: string | undefined
  readonly stopOnLoss: boolean
  readonly ttl: number | undefined
  readonly grace: number | undefined
}

/** A held key: a Hold, which ends if it is lost, or a Membership, which then takes the key again. */
interface Held extends Holding {
  readonly ttl: number
  readonly remains: number
  setState(state: string): Promise<void>
  leave(final: string | undefined, signal: AbortSignal): Promise<void>
}

/**
 * Holds a key while COMMAND runs, or while stdin gives states, or else until it is interrupted. Resolves to the exit
 * code.
 */
export const holdKey = async (
  namespace: Namespace,
  name: string,
  state: string,
  options: HoldKeyOptions,
): Promise<number> => {
  const held = await take(namespace, name, state, options)
  noteRaisedTtl(options.ttl, held.ttl)
  let ended: Ended
  try {
    ended = await occupy(name, state, held, options)
  } catch (error) {
    await leave(name, held, undefined, options)
    throw error
  }
  try {
    await leave(name, held, ended.final, options)
  } catch (error) {
    const { hurried } = options.interrupts
    if (!hurried.aborted) throw error
    note(`${name} was not set to ${ended.final}: ${describe(error)}`)
    return ended.code || hurried.reason.exitCode
  }
  return ended.code
}

/** The end of a hold that was neither interrupted nor lost. */
interface Ended {
  readonly code: number
  /** The state that remains. `undefined`: the key is removed. */
  readonly final: string | undefined
}

const occupy = async (
  name: string,
  state: string,
  held: Held,
  options: HoldKeyOptions,
): Promise<Ended> => {
  const { command, onSuccess, onFailure } = options
  if (command) {
    const code = await runHeld(command, held, options)
    return { code, final: code === 0 ? onSuccess : onFailure }
  }
  await printResult(undefined, { ok: true, key: name, state, held: true })
  await stay(held, options)
  return { code: 0, final: onSuccess }
}

const leave = async (
  name: string,
  held: Held,
  final: string | undefined,
  { interrupts, limits }: HoldKeyOptions,
): Promise<void> => {
  try {
    await releaseWithin(held, interrupts, (signal) => held.leave(final, signal), limits.timeout)
  } finally {
    noteRemains(name, held)
  }
}

const take = (
  namespace: Namespace,
  name: string,
  state: string,
  { limits, ttl, grace, stopOnLoss }: HoldKeyOptions,
): Promise<Held> =>
  withDeadline(limits, async (signal) => {
    const session = { ttl, grace, signal }
    if (!stopOnLoss) return Membership.join(namespace, name, state, { ...session, onTrouble: note })
    const hold = await Hold.take(namespace, name, state, session)
    return {
      ttl: hold.ttl,
      get remains() {
        return hold.remains
      },
      expiring: hold.expiring,
      lost: hold.lost,
      include: (describe) => hold.include(describe),
      linger: () => hold.linger(),
      setState: (next) => hold.setState(next),
      leave: (final, leaving) => hold.release(final, leaving),
    }
  })

/** Resolves at the end of stdin, if stdin gives the states. Rejects when the hold is interrupted or lost. */
const stay = (held: Held, { statesFromStdin, interrupts }: HoldKeyOptions): Promise<void> => {
  if (!statesFromStdin) return stayHeld(held, interrupts)
  const ending = endOf(held, interrupts)
  return untilAborted(ending, followStdin(held, ending))
}

const followStdin = async (held: Held, signal: AbortSignal): Promise<void> => {
  for await (const line of createInterface({ input: process.stdin, signal })) {
    if (line !== '') await held.setState(line)
  }
}
