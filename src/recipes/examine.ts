import type { Backend, Diagnosable, Diagnosis } from '../backends/backend.ts'
import { now } from '../backends/clock.ts'
import { absent, putHeld } from '../backends/operations.ts'
import { UnavailableError } from '../errors.ts'
import { commitUntilAnswered } from './core/commit.ts'
import { undoing, whenAvailable } from './retry.ts'
import { Session } from './session.ts'
import { newRecord, sessionKey } from './session-record.ts'
import { keyIn, type Space } from './space.ts'

/** So many reads are timed. */
const READS = 11

/** What is known of a store that works. */
export interface Examination extends Diagnosis {
  /** The median of some reads. */
  readonly milliseconds: number
}

/**
 * Reads from a store, writes to it what goes at once, and asks what is known to be wrong with it.
 * @throws UnavailableError it cannot be read or written.
 */
export const examine = async (space: Space, signal: AbortSignal): Promise<Examination> => {
  const milliseconds = await whenAvailable({ signal }, () => timeReads(space, signal))
  await tryToWrite(space, signal)
  return { milliseconds, ...(await diagnose(space.backend, signal)) }
}

const timeReads = async (space: Space, signal: AbortSignal): Promise<number> => {
  const times: number[] = []
  for (let i = 0; i < READS; i++) {
    const started = now()
    await space.backend.get(keyIn(space, 'signal', 'doctor'), { signal })
    times.push(now() - started)
  }
  return times.sort((a, b) => a - b)[(READS - 1) / 2] ?? 0
}

/** As every holder does: a session, and its record. */
const tryToWrite = async (space: Space, signal: AbortSignal): Promise<void> => {
  const session = await Session.open(space.backend, { signal })
  try {
    const key = sessionKey(space, session.id)
    const record = putHeld(key, newRecord('hold'), session.id)
    await commitUntilAnswered(space.backend, [absent(key)], [record], { signal })
  } finally {
    await session.close(undoing(signal))
  }
}

const diagnose = async (backend: Backend, signal: AbortSignal): Promise<Diagnosis> => {
  const { name: version } = backend.traits
  if (!('diagnose' in backend)) return { version, warnings: [] }
  try {
    const ask = () => (backend as Backend & Diagnosable).diagnose({ signal })
    return await whenAvailable({ signal }, ask)
  } catch (error) {
    // It takes a permission that nothing else takes.
    if (!(error instanceof UnavailableError) || error.retryable) throw error
    return { version, warnings: [`its version and health are unknown: ${error.message}`] }
  }
}
