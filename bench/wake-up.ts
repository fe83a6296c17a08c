import { performance } from 'node:perf_hooks'
import { open, signal } from '../src/index.ts'
import { type Command, type Sample, startWaiter, summarize } from './measure.ts'
import { rdv } from './rdv.ts'

/** So many waiters are started at once, and released one after the other. */
const AT_ONCE = 5

/** From the acknowledgement of a signal to the moment in which the waiter's process is gone, milliseconds. */
export const measureWakeUp = async (url: string, rounds: number): Promise<Sample> => {
  const space = await open(url)
  const times: number[] = []
  for (let round = 0; round < rounds; round += AT_ONCE) {
    const keys = Array.from({ length: AT_ONCE }, (_, i) => `wake-up/${process.pid}-${round + i}`)
    const waiters = await Promise.all(
      keys.map((key) => startWaiter(rdv(['wait', key], { RDV_BACKEND: url }))),
    )
    for (const [index, key] of keys.entries()) {
      await signal(space, key)
      const acknowledged = performance.now()
      times.push(Math.max(0, ((await waiters[index]?.ended) ?? 0) - acknowledged))
    }
  }
  await space.backend.close()
  return summarize(times)
}

/** The floor: a Node process that ends when its stdin does. */
const CONTROL: Command = {
  name: 'node',
  words: [process.execPath, '-e', 'process.stdin.resume(); process.stderr.write("waiting\\n")'],
}

export const measureControl = async (rounds: number): Promise<Sample> => {
  const times: number[] = []
  for (let round = 0; round < rounds; round++) {
    const waiter = await startWaiter(CONTROL)
    const started = performance.now()
    waiter.stdin.end()
    times.push((await waiter.ended) - started)
  }
  return summarize(times)
}
