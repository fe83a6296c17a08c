import { performance } from 'node:perf_hooks'
import { open, signal } from '../src/index.ts'
import { node, rdv } from './commands.ts'
import { type Sample, startWaiter, summarize } from './measure.ts'
import { type Bench, beside, limited, milliseconds, type Subject } from './row.ts'

/** The time from the acknowledgement of a signal to the end of a waiter's process. */
export const wakeUp: Subject = {
  name: 'wake-up',
  title: 'Wake-up: from a signal to the end of the waiter',
  meaning: `The time from the acknowledgement of a signal to the end of the process of \`rdv wait\`, while other waiters keep waiting. A plain Node
process that ends on a message on its stdin is the lower bound. The limit: on every backend, 99 of 100 waiters have ended after 10 ms. A
run has few rounds, so p99 is its slowest round.`,
  plots: [{ title: 'Signal acknowledged → process of the waiter gone', of: 'figure' }],
  async *measure({ stores, rounds }: Bench) {
    const { p50, p99 } = await measureControl(rounds)
    const control = milliseconds('the end of a plain Node process', p50)
    yield control
    yield milliseconds(`${control.name}, p99`, p99)
    for (const [name, url] of Object.entries(stores)) {
      const sample = await measureWakeUp(url, rounds)
      yield beside(milliseconds(`wake-up on ${name}`, sample.p50), control)
      const slowest = milliseconds(`wake-up on ${name}, p99`, sample.p99)
      yield limited(slowest, 'figure', 'most', SLOWEST)
    }
  },
}

/** The limit for p99, in milliseconds. */
const SLOWEST = 10

/** The number of waiters that are started at once. They are released one after the other. */
const AT_ONCE = 5

/** The time from the acknowledgement of a signal until the waiter's process has ended, in milliseconds. */
const measureWakeUp = async (url: string, rounds: number): Promise<Sample> => {
  const namespace = await open(url)
  const times: number[] = []
  // The first waiters only fill the cache of compiled code.
  for (let round = -AT_ONCE; round < rounds; round += AT_ONCE) {
    const keys = Array.from({ length: AT_ONCE }, (_, i) => `wake-up/${process.pid}-${round + i}`)
    const waiters = await Promise.all(keys.map((key) => startWaiter(rdv(url, ['wait', key]))))
    for (const [index, key] of keys.entries()) {
      await signal(namespace, key)
      const acknowledged = performance.now()
      const time = Math.max(0, ((await waiters[index]?.ended) ?? 0) - acknowledged)
      if (round >= 0) times.push(time)
    }
  }
  await namespace.backend.close()
  return summarize(times)
}

/** The lower bound: a Node process that ends when its stdin ends. */
const CONTROL = node('process.stdin.resume(); process.stderr.write("waiting\\n")')

const measureControl = async (rounds: number): Promise<Sample> => {
  const times: number[] = []
  for (let round = 0; round < rounds; round++) {
    const waiter = await startWaiter(CONTROL)
    const started = performance.now()
    waiter.stdin.end()
    times.push((await waiter.ended) - started)
  }
  return summarize(times)
}
