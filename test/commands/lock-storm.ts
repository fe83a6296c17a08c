import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../services/watchdog.ts'
import { beside } from '../side-by-side.ts'
import { STORES, startedStore } from './queues.ts'
import type { Running } from './rdv.ts'

/**
 * What happens to a holder. `killed` and `stopped` happen at a random moment, while it queues or holds. With `in it`,
 * they happen while it certainly holds.
 */
type Fate = 'left alone' | 'killed' | 'stopped' | 'killed in it' | 'stopped in it'

export interface Storm {
  readonly fates: Readonly<Record<Fate, number>>
  /** The number of holders that are alive at the same time. */
  readonly atOnce: number
}

/** The random moments are within this many milliseconds. */
const SOON = 1_500

/** In milliseconds, if the store allows such a short TTL. */
const TTL = 3_000

/** The exit code of a holder that has lost its session. */
const LOST = 121

/**
 * The COMMAND of each holder. It logs its start, writes its token to the shared file unless a newer token is there,
 * writes it again after a while (`endless`: again and again), and logs its end. It writes the file under flock, as a
 * resource that compares tokens does, and replaces the file, so that a holder that is killed during a write does not
 * leave the file empty.
 */
const HOLDER = `
  write() {
    flock "$0/guard" sh -c '
      read -r newest <"$0/newest"
      [ "$RDV_FENCING_TOKEN" -ge "$newest" ] || { echo "refused $RDV_FENCING_TOKEN" >>"$0/log"; exit 0; }
      echo "$RDV_FENCING_TOKEN" >"$0/next" && mv "$0/next" "$0/newest"
      echo "write $RDV_FENCING_TOKEN" >>"$0/log"' "$0"
  }
  echo "begin $RDV_FENCING_TOKEN" >>"$0/log"
  write
  echo "token $RDV_FENCING_TOKEN"
  while [ "$1" = endless ]; do sleep 0.05; write; done
  sleep 0.02; write
  echo "end $RDV_FENCING_TOKEN" >>"$0/log"`

/** How one holder ended. */
interface Outcome {
  readonly fate: Fate
  readonly code: number | null
  /** Undefined if it never held the lock. */
  readonly token: number | undefined
}

export const lockStorm = (scheme: string, { fates, atOnce }: Storm): void => {
  const { start } = STORES.filter((one) => one.scheme === scheme)[0] ?? noStore(scheme)
  const count = Object.values(fates).reduce((sum, many) => sum + many)

  beside(`on ${scheme}`, () => {
    const store = startedStore(start, 'lock')

    test(`${count} holders in random kill -9 and SIGSTOP: no older token is written, and no two overlap`, async () => {
      const folder = shared()
      const { place, stop } = store.queue('l')
      const { minTtl, expiryFactor } = store.traits
      const ttl = Math.max(TTL, minTtl)
      const past = ttl * expiryFactor + 500
      const left = order(fates)
      const outcomes: Outcome[] = []
      const worker = async (): Promise<void> => {
        for (let fate = left.shift(); fate; fate = left.shift()) {
          const child = ['sh', '-c', HOLDER, folder, fate.endsWith('in it') ? 'endless' : 'brief']
          const running = place.start('lock', 'l', '--ttl', `${ttl}ms`, '--', ...child)
          await disturb(running, fate, past, folder)
          const { stdout, code } = await running.ended
          outcomes.push({ fate, code, token: tokenIn(stdout) })
        }
      }
      await Promise.all(Array.from({ length: atOnce }, worker))
      await stop()
      judge(linesOf(folder), outcomes)
    }, 900_000)
  })
}

const noStore = (scheme: string): never => {
  throw new Error(`there is no ${scheme}`)
}

/** Holders that are disturbed while they certainly hold come first, when all others queue behind them. */
const order = (fates: Storm['fates']): Fate[] => {
  const all = (Object.keys(fates) as Fate[]).flatMap((fate) => Array(fates[fate]).fill(fate))
  const random = all.map((fate) => ({ fate, at: fate.endsWith('in it') ? 0 : Math.random() }))
  return random.sort((a, b) => a.at - b.at).map(({ fate }) => fate)
}

const disturb = async (
  running: Running,
  fate: Fate,
  past: number,
  folder: string,
): Promise<void> => {
  if (fate === 'left alone') return
  if (fate.endsWith('in it')) return disturbHolder(running, fate, folder)
  await delay(Math.random() * SOON)
  if (fate === 'killed') return running.kill('SIGKILL')
  await stopOutsideWrite(running)
  await delay(Math.random() * past)
  running.kill('SIGCONT')
}

/**
 * Kills a holder, or stops it until one of its writes is refused because the next holder has written. By then it must
 * have lost the lock.
 */
const disturbHolder = async (running: Running, fate: Fate, folder: string): Promise<void> => {
  const [, token] = (await running.says(/token (\d+)/).catch(() => undefined)) ?? []
  if (token === undefined) return
  if (fate === 'killed in it') return running.kill('SIGKILL')
  await stopOutsideWrite(running)
  const isRefused = () => linesOf(folder).some((line) => isRefusal(line, Number(token)))
  while (!isRefused()) await delay(50)
  running.kill('SIGCONT')
}

/**
 * Stops a process outside of its writes. If it were stopped during a write to the embedded store, it would keep all
 * others waiting, so it is continued and stopped again.
 */
const stopOutsideWrite = async (running: Running): Promise<void> => {
  for (;;) {
    running.kill('SIGSTOP')
    await delay(A_MOMENT)
    if (!isWriting(running)) return
    running.kill('SIGCONT')
    await delay(A_MOMENT)
  }
}

/** In milliseconds. A signal takes effect a little later. */
const A_MOMENT = 5

/** SQLite's lock for writing is the lock on byte 120 of its log's index. */
const isWriting = ({ pid }: Running): boolean =>
  readFileSync('/proc/locks', 'utf8')
    .split('\n')
    .some((line) => line.endsWith(' 120 120') && line.includes(` WRITE ${pid} `))

const isRefusal = (line: Line, token: number): boolean =>
  line.what === 'refused' && line.token === token

const tokenIn = (output: string): number | undefined => {
  const [, token] = /token (\d+)/.exec(output) ?? []
  return token === undefined ? undefined : Number(token)
}

/** A holder that lost its session because the machine was busy counts as disturbed, too. */
const judge = (log: readonly Line[], outcomes: readonly Outcome[]): void => {
  const tokensOf = (what: string) => log.filter((line) => line.what === what).map(tokenOf)
  const leftAlone = outcomes.filter(({ fate }) => fate === 'left alone')
  const calm = leftAlone.filter(({ code }) => code !== LOST)
  const alone = new Set(calm.map(tokenOf))

  expect(calm.map(({ code }) => code)).toEqual(calm.map(() => 0))
  expect(calm.length).toBeGreaterThan(leftAlone.length / 2)
  expect(tokensOf('end').filter((token) => alone.has(token))).toHaveLength(calm.length)
  expect(tokensOf('refused').filter((token) => alone.has(token))).toEqual([])
  for (const { fate, code, token } of outcomes) {
    if (fate === 'stopped in it' && token) expect(code).toBe(LOST)
  }

  expect(new Set(tokensOf('begin')).size).toBe(tokensOf('begin').length)
  expect(tokensOf('begin').filter((token) => alone.has(token))).toEqual(sorted([...alone]))
  expect(tokensOf('write')).toEqual(sorted(tokensOf('write')))
  const both = ({ token, by }: Overlap) => alone.has(token) && alone.has(by)
  expect(overlaps(log).filter(both)).toEqual([])
}

const tokenOf = ({ token = 0 }: { readonly token: number | undefined }): number => token

const sorted = (tokens: readonly number[]): number[] => [...tokens].sort((a, b) => a - b)

/** A folder with the file, which contains the first token, and with an empty log. */
const shared = (): string => {
  const folder = temporaryFolder('storm')
  writeFileSync(join(folder, 'newest'), '0\n')
  appendFileSync(join(folder, 'log'), '')
  return folder
}

interface Line {
  readonly what: string
  readonly token: number
}

const linesOf = (folder: string): Line[] =>
  readFileSync(join(folder, 'log'), 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => {
      const [what = '', token] = line.split(' ')
      return { what, token: Number(token) }
    })

/** A holder began before another one had ended. This is a fault unless one of them was killed or stopped. */
interface Overlap {
  readonly token: number
  readonly by: number
}

const overlaps = (log: readonly Line[]): Overlap[] => {
  const open = new Set<number>()
  const found: Overlap[] = []
  for (const { what, token } of log) {
    if (what === 'begin') {
      for (const other of open) found.push({ token: other, by: token })
      open.add(token)
    } else if (what === 'end') open.delete(token)
  }
  return found
}
