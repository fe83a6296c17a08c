import { spawn } from 'node:child_process'
import { performance } from 'node:perf_hooks'
import { Counter, open } from '../src/index.ts'
import { rdv } from './commands.ts'
import { type Bench, beside, limited, perSecond, type Subject } from './row.ts'

const LOOPS = 8

/** How many increments a second one shell loop of `rdv counter inc` makes, and eight loops together on one counter. */
export const counterLoops: Subject = {
  name: 'counter-loops',
  title: 'Shell loops that count',
  meaning: `The number of \`rdv counter inc\` per second: in one shell loop, one process after the other, and in ${LOOPS} such loops
together on one counter. The limit: together they are no slower than one loop. The benchmark checks that the counts are exact.`,
  plots: [{ title: 'Increments a second', of: 'figure' }],
  async *measure({ stores, rounds }: Bench) {
    const times = Math.ceil(rounds / 2)
    for (const [name, url] of Object.entries(stores)) {
      await runLoops(url, 'warm', 1, 2)
      const one = await runLoops(url, 'alone', 1, times)
      const alone = perSecond(`one shell loop of rdv counter inc on ${name}`, one)
      yield alone
      const together = await runLoops(url, 'together', LOOPS, times)
      const row = perSecond(`${LOOPS} shell loops on one counter on ${name}`, together)
      yield limited(beside(row, alone), 'ratio', 'least', 1)
    }
  },
}

/** Runs each loop `times` times, and checks the count. Returns the increments per second. */
const runLoops = async (
  url: string,
  kind: string,
  loops: number,
  times: number,
): Promise<number> => {
  const name = `bench/${kind}-${process.pid}`
  const started = performance.now()
  await Promise.all(Array.from({ length: loops }, () => runLoop(url, name, times)))
  const seconds = (performance.now() - started) / 1_000
  await requireCount(url, name, loops * times)
  return (loops * times) / seconds
}

const runLoop = (url: string, name: string, times: number): Promise<void> => {
  const { words, env } = rdv(url, ['counter', 'inc', name])
  const script = `i=0; while [ $i -lt ${times} ]; do i=$((i + 1)); "$@" >/dev/null || exit; done`
  const child = spawn('/bin/sh', ['-c', script, 'sh', ...words], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  return new Promise((resolve, reject) => {
    child.on('exit', (code) => (code === 0 ? resolve() : reject(new Error(`exit code ${code}`))))
  })
}

const requireCount = async (url: string, name: string, expected: number): Promise<void> => {
  const namespace = await open(url)
  const value = await new Counter(namespace, name).get()
  await namespace.backend.close()
  if (value !== BigInt(expected)) throw new Error(`${name} is ${value} instead of ${expected}`)
}
