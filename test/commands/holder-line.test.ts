import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Service } from '../services/service.ts'
import { temporaryFolder } from '../services/watchdog.ts'
import { besideEach } from '../side-by-side.ts'
import { lines, Place } from './rdv.ts'
import { REMOTE_STORES } from './stores.ts'

const STORES = [
  { scheme: 'sqlite', start: async (): Promise<Service | undefined> => undefined },
  ...REMOTE_STORES,
]

const told = (stderr: string): string[] => lines(stderr).filter((line) => line.includes('held by'))

/** Commands that hold until they are ended, and commands that queue for the same name. */
const QUEUES = [
  { command: 'lock', holds: ['lock', 'q'], held: /q\/.+ \d+/, queues: ['lock', 'q', '--', 'true'] },
  { command: 'elect', holds: ['elect', 'q'], held: / \d+$/m, queues: ['elect', 'q', '--', 'true'] },
  {
    command: 'once',
    holds: ['once', 'q', '--', 'sh', '-c', 'echo up; exec sleep 300'],
    held: /up/,
    queues: ['once', 'q', '--', 'true'],
  },
]

besideEach(STORES, 'who queues on $scheme is told who holds', ({ scheme, start }) => {
  let store: Service | undefined
  beforeAll(async () => {
    store = await start()
  })
  afterAll(() => store?.stop())

  const newPlace = (name: string) =>
    new Place(store ? { RDV_BACKEND: store.url, RDV_NAMESPACE: name } : {})

  test.each(QUEUES)('by rdv $command, once for each holder', async ({ command, ...row }) => {
    const place = newPlace(command)
    const first = place.start(...row.holds)
    await first.says(row.held)
    const second = place.start(...row.holds)
    await second.says(
      new RegExp(`^rdv: waiting for q \\(held by .+ \\(pid ${first.pid}\\)\\)$`, 'm'),
    )
    const third = place.start(...row.queues)
    await third.says(new RegExp(`\\(pid ${first.pid}\\)`))
    const quiet = place.start(...row.queues.slice(0, 2), '--quiet', ...row.queues.slice(2))
    first.kill('SIGTERM')
    await second.says(row.held)
    await third.says(new RegExp(`\\(pid ${second.pid}\\)`))
    second.kill('SIGTERM')
    const { code, stderr } = await third.ended
    expect({ code, stdout: (await third.ended).stdout }).toEqual({ code: 0, stdout: '' })
    expect(told(stderr)).toHaveLength(2)
    expect(await quiet.ended).toMatchObject({ code: 0, stderr: '' })
  })

  if (scheme !== 'sqlite') return

  test('on a terminal, in a line that goes before COMMAND begins', async () => {
    const place = newPlace('terminal')
    const holder = place.start('lock', 'q')
    await holder.says(/q\/.+ \d+/)
    const line = 'rdv lock q -- echo ran'
    const queueing = place.startSh(
      `TERM=xterm SHELL=/bin/sh exec script --quiet --return --command '${line}' ${temporaryFolder('script')}/out`,
    )
    await queueing.says(/\ds waiting for q \(held by .+\(pid/)
    holder.kill('SIGTERM')
    const { code, stdout } = await queueing.ended
    expect(code).toBe(0)
    expect(stdout.split('\r').at(-2)).toBe('\u001b[2Kran')
  })

  test('and with --json stderr has nothing of it', async () => {
    const place = newPlace('json')
    const holder = place.start('lock', 'q')
    await holder.says(/q\/.+ \d+/)
    const { code, stdout, stderr } = await place.rdv('lock', 'q', '--json', '--timeout', '3s')
    expect({ code, stderr }).toEqual({ code: 124, stderr: '' })
    expect(JSON.parse(stdout)).toMatchObject({ error: 'timeout' })
  })
})
