import { createInterface } from 'node:readline'
import { aborted } from '../aborted.ts'
import { type Limits, withDeadline } from '../recipes/deadline.ts'
import { Hold } from '../recipes/hold.ts'
import { Membership } from '../recipes/membership.ts'
import type { Space } from '../recipes/space.ts'
import type { Interrupts } from './interrupts.ts'
import { note, printResult } from './output.ts'
import { endOf, noteRaisedTtl, runHeld, stayHeld } from './run-held.ts'

export interface HoldKeyOptions {
  /** For taking the key, and for giving it up. */
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

/** A key that is held, whether a loss ends that or not. */
interface Held {
  readonly ttl: number
  readonly expiring?: AbortSignal
  readonly lost?: AbortSignal
  setState(state: string): Promise<void>
  leave(final: string | undefined, signal: AbortSignal): Promise<void>
}

/** Holds a key while COMMAND runs, stdin has states, or until interrupted. Resolves to the exit code. */
export const holdKey = async (
  space: Space,
  name: string,
  state: string,
  options: HoldKeyOptions,
): Promise<number> => {
  const held = await take(space, name, state, options)
  noteRaisedTtl(options.ttl, held.ttl)
  let final: string | undefined
  try {
    if (options.command) {
      const code = await runHeld(options.command, held, options)
      final = code === 0 ? options.onSuccess : options.onFailure
      return code
    }
    await printResult(undefined, { ok: true, key: name, state, held: true })
    await occupy(held, options)
    final = options.onSuccess
    return 0
  } finally {
    // The interrupt that ended it must not keep us from giving it up.
    const { timeout } = options.limits
    await withDeadline({ timeout }, (signal) => held.leave(final, signal))
  }
}

const take = (
  space: Space,
  name: string,
  state: string,
  { limits, ttl, grace, stopOnLoss }: HoldKeyOptions,
): Promise<Held> =>
  withDeadline(limits, async (signal) => {
    const session = { ttl, grace, signal }
    if (!stopOnLoss) return Membership.join(space, name, state, { ...session, onTrouble: note })
    const hold = await Hold.take(space, name, state, session)
    return {
      ttl: hold.ttl,
      expiring: hold.expiring,
      lost: hold.lost,
      setState: (next) => hold.setState(next),
      leave: (final, leaving) => hold.release(final, leaving),
    }
  })

/** Until stdin ends, where it gives the states; else until interrupted or lost. */
const occupy = (held: Held, { statesFromStdin, interrupts }: HoldKeyOptions): Promise<void> => {
  if (!statesFromStdin) return stayHeld(held, interrupts)
  const ending = endOf(held, interrupts)
  return Promise.race([followStdin(held, ending), aborted(ending)])
}

const followStdin = async (held: Held, signal: AbortSignal): Promise<void> => {
  for await (const line of createInterface({ input: process.stdin, signal })) {
    if (line !== '') await held.setState(line)
  }
}
