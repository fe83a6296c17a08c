import { spawn } from 'node:child_process'
import { performance } from 'node:perf_hooks'
import { Counter, open } from '../src/index.ts'
import { rdv } from './rdv.ts'

const LOOPS = 8

/** Increments per second of one shell loop alone, and of eight together on one counter. */
export interface LoopRates {
  readonly alone: number
  readonly together: number
}

/** Each loop runs `rdv counter inc` so many times; the counts are checked. */
export const measureCounterLoops = async (url: string, times: number): Promise<LoopRates> => {
  await runLoops(url, 'warm', 1, 2)
  const alone = await runLoops(url, 'alone', 1, times)
  const together = await runLoops(url, 'together', LOOPS, times)
  return { alone, together }
}

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
  const { words, env } = rdv(['counter', 'inc', name], { RDV_BACKEND: url })
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
  const space = await open(url)
  const value = await new Counter(space, name).get()
  await space.backend.close()
  if (value !== BigInt(expected)) throw new Error(`${name} is ${value} instead of ${expected}`)
}
