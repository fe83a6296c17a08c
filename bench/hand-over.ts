import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { type Command, type Sample, summarize } from './measure.ts'

/** So many stand in a line; while the first one holds, the others come. */
const IN_LINE = 5

/** A holder's COMMAND tells when it began and when it was about to end, in microseconds, without starting a process. */
const HOLDER = ['bash', '-c', 'echo "$EPOCHREALTIME"; read -t 0.3 <> <(:); echo "$EPOCHREALTIME"']

/**
 * From the end of a lock's holder to the beginning of the next one's COMMAND, milliseconds, while others queue.
 * `lock` is a command that runs another one under the lock.
 */
export const measureHandOver = async (lock: Command, rounds: number): Promise<Sample> => {
  const times: number[] = []
  while (times.length < rounds) times.push(...(await oneLine(lock)))
  return summarize(times)
}

const oneLine = async (lock: Command): Promise<number[]> => {
  const holders: Promise<readonly [number, number]>[] = []
  for (let i = 0; i < IN_LINE; i++) holders.push(hold(lock))
  const spans = (await Promise.all(holders)).sort(([a], [b]) => a - b)
  return spans.slice(2).map(([began], i) => (began - (spans[i + 1]?.[1] ?? 0)) / 1_000)
}

const hold = async ({ words: [file, ...words], env }: Command) => {
  const child = spawn(file, [...words, ...HOLDER], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  child.stdout.on('data', (data) => {
    output += data
  })
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(`${file} ended with ${code}`)
  const [began = 0, ended = 0] = output.trim().split('\n').map(toMicroseconds)
  return [began, ended] as const
}

const toMicroseconds = (time: string): number => Number(time.replace(/\D/, ''))
