import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { temporaryFolder } from '../services/guard.ts'
import { STORES } from './queues.ts'
import { Place, type Running } from './rdv.ts'

/** So many are alive at the same time. */
const AT_ONCE = 12

/**
 * What each holder does: says that it begins, writes its token to the shared file unless a newer one is there, again
 * after a while, and says that it has ended. The file is written under flock, as a resource that compares tokens is.
 */
const HOLDER = `
  write() {
    flock "$0/guard" sh -c '
      read -r newest <"$0/newest"
      [ "$RDV_FENCING_TOKEN" -ge "$newest" ] || { echo "refused $RDV_FENCING_TOKEN" >>"$0/log"; exit 0; }
      echo "$RDV_FENCING_TOKEN" >"$0/newest"
      echo "write $RDV_FENCING_TOKEN" >>"$0/log"' "$0"
  }
  echo "begin $RDV_FENCING_TOKEN" >>"$0/log"
  echo "token $RDV_FENCING_TOKEN"
  write; sleep 0.02; write
  echo "end $RDV_FENCING_TOKEN" >>"$0/log"`

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

/** Kills or stops one at a random moment; tells which tokens may have been lost by that. */
const disturb = async (running: Running): Promise<'killed' | 'stopped' | 'left alone'> => {
  const chance = Math.random()
  if (chance < 0.5) return 'left alone'
  await delay(Math.random() * 1_500)
  if (chance < 0.75) {
    running.kill('SIGKILL')
    return 'killed'
  }
  running.kill('SIGSTOP')
  await delay(1_500)
  running.kill('SIGCONT')
  return 'stopped'
}

/** Two hundred in all. On Consul a dead holder is followed after 10 to 20 s: too long for as many. */
const COUNTS: Readonly<Record<string, number>> = { sqlite: 140, http: 30, etcd: 30 }

describe.each(STORES.filter(({ scheme }) => scheme in COUNTS))(
  'on $scheme',
  ({ scheme, start }) => {
    let store: Awaited<ReturnType<typeof start>>
    beforeAll(async () => {
      store = await start()
    })
    afterAll(() => store.stop())

    test(`${COUNTS[scheme]} holders in random kill -9 and SIGSTOP: no older token is written, and no two overlap`, async () => {
      const folder = temporaryFolder('storm')
      writeFileSync(join(folder, 'newest'), '0\n')
      appendFileSync(join(folder, 'log'), '')
      const place = new Place({ RDV_BACKEND: store.url })
      const disturbed = new Set<number>()
      let left = COUNTS[scheme] ?? 0
      const worker = async (): Promise<void> => {
        while (left-- > 0) {
          const running = place.start('lock', 'l', '--ttl', '1s', '--', 'sh', '-c', HOLDER, folder)
          const fate = await disturb(running)
          const { stdout, code } = await running.ended
          const token = Number(/token (\d+)/.exec(stdout)?.[1])
          if (fate !== 'left alone' && token) disturbed.add(token)
          if (fate === 'left alone') expect(code).toBe(0)
        }
      }
      await Promise.all(Array.from({ length: AT_ONCE }, worker))
      const log = linesOf(folder)
      const writes = log.filter(({ what }) => what === 'write').map(({ token }) => token)
      expect(writes.length).toBeGreaterThan((COUNTS[scheme] ?? 0) / 2)
      expect(writes).toEqual([...writes].sort((a, b) => a - b))
      const undisturbed = ({ token, by }: Overlap) => !disturbed.has(token) && !disturbed.has(by)
      expect(overlaps(log).filter(undisturbed)).toEqual([])
    }, 120_000)
  },
)

/** Who began before another one had ended: that counts unless one of them was killed or stopped. */
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
      open.clear()
      open.add(token)
    } else if (what === 'end') open.delete(token)
  }
  return found
}
