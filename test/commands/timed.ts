import type { Ended, Place } from './rdv.ts'

/**
 * Milliseconds by which a command may end after its deadline: on an idle machine it is less than one second. A command that
 * did not heed its deadline would be later, for it gives up a call after 5 s.
 */
export const LATE = 3_000

/**
 * Runs rdv, and tells how long (milliseconds) that took beyond twice what starting and ending a process takes here: another
 * time it takes less, or more.
 */
export const timed = async (place: Place, ...argv: string[]): Promise<Ended & { took: number }> => {
  const before = performance.now()
  await place.rdv('wait', 'exec:true')
  const started = performance.now()
  const ended = await place.rdv(...argv)
  return { ...ended, took: performance.now() - started - 2 * (started - before) }
}
