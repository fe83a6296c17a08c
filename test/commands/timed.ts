import type { Ended, Place } from './rdv.ts'

/**
 * Milliseconds by which a command may end after its deadline. On an idle machine, it is less than one second. A command
 * that ignored its deadline would end later, because it gives up a call after 5 s.
 */
export const LATE = 3_000

/**
 * Runs rdv. `took` is its time in milliseconds, minus twice the time in which a process starts and ends here, because
 * that time varies.
 */
export const timed = async (place: Place, ...argv: string[]): Promise<Ended & { took: number }> => {
  const before = performance.now()
  await place.rdv('wait', 'exec:true')
  const started = performance.now()
  const ended = await place.rdv(...argv)
  return { ...ended, took: performance.now() - started - 2 * (started - before) }
}
