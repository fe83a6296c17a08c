import type { Backend, Diagnosable, Diagnosis } from '../backends/backend.ts'
import { absent, putHeld } from '../backends/operations.ts'
import { now } from '../base/clock.ts'
import { UnavailableError } from '../base/errors.ts'
import { commitUntilAnswered } from './core/commit.ts'
import { keyIn, type Namespace } from './core/namespace.ts'
import { cleanupSignal, retryUntilAvailable } from './core/retry.ts'
import { Session } from './core/session.ts'
import { newRecord, sessionKey } from './core/session-record.ts'

/** The number of reads that are timed. */
const READS = 11

/** The result of the examination of a store that works. */
export interface Examination extends Diagnosis {
  /** The median time of a read. */
  readonly milliseconds: number
}

/**
 * Reads from a store, writes a key that is removed at once, and asks the store for its version and known problems.
 * @throws UnavailableError the store cannot be read or written.
 */
export const examine = async (namespace: Namespace, signal: AbortSignal): Promise<Examination> => {
  const milliseconds = await retryUntilAvailable({ signal }, () => timeReads(namespace, signal))
  await tryToWrite(namespace, signal)
  return { milliseconds, ...(await diagnose(namespace.backend, signal)) }
}

const timeReads = async (namespace: Namespace, signal: AbortSignal): Promise<number> => {
  const times: number[] = []
  for (let i = 0; i < READS; i++) {
    const started = now()
    await namespace.backend.get(keyIn(namespace, 'signal', 'doctor'), { signal })
    times.push(now() - started)
  }
  return times.sort((a, b) => a - b)[(READS - 1) / 2] ?? 0
}

/** Writes as every holder does: a session and its record. */
const tryToWrite = async (namespace: Namespace, signal: AbortSignal): Promise<void> => {
  const session = await Session.open(namespace.backend, { signal })
  try {
    const key = sessionKey(namespace, session.id)
    const record = putHeld(key, newRecord('hold'), session.id)
    await commitUntilAnswered(namespace.backend, [absent(key)], [record], { signal })
  } finally {
    await session.close(cleanupSignal(signal))
  }
}

const diagnose = async (backend: Backend, signal: AbortSignal): Promise<Diagnosis> => {
  const { name: version } = backend.traits
  if (!('diagnose' in backend)) return { version, warnings: [] }
  try {
    const ask = () => (backend as Backend & Diagnosable).diagnose({ signal })
    return await retryUntilAvailable({ signal }, ask)
  } catch (error) {
    // The diagnosis may need a permission that no other request needs.
    if (!(error instanceof UnavailableError) || error.retryable) throw error
    return {
      version,
      warnings: [`the version and the health of the store are unknown: ${error.message}`],
    }
  }
}
