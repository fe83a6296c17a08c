import { hostname } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { open } from '../../src/open.ts'
import { curl } from '../server/curl.ts'
import type { Service } from '../services/service.ts'
import { besideEach } from '../side-by-side.ts'
import { lines, Place, type Running } from './rdv.ts'
import { consul, etcd, http } from './stores.ts'

const local = { scheme: 'sqlite', start: async () => undefined, flags: [] as string[] }
const STORES = [
  local,
  { ...http, flags: [] },
  { ...etcd, flags: ['--announce'] },
  { ...consul, flags: ['--announce'] },
]

/** The waits in the output of `rdv status`. */
const waits = async (here: Place): Promise<string[][]> => {
  const { stdout, stderr } = await here.rdv('status')
  expect(stderr).toBe('')
  const rows = lines(stdout).map((line) => line.split('\t'))
  return rows.filter(([kind]) => kind === 'wait')
}

/** Looks until a status shows this number of waits. Each look is a process, so the pauses between looks get longer. */
const untilWaits = async (here: Place, count: number): Promise<string[][]> => {
  for (let pause = 50; ; pause = Math.min(2 * pause, 1_000)) {
    const rows = await waits(here)
    if (rows.length === count) return rows
    await delay(pause)
  }
}

const row = (name: string, { pid }: Running) => [
  ...['wait', name, 'waits', ''],
  ...[hostname(), String(pid), expect.stringMatching(/^\d{4}-.*Z$/)],
]

besideEach(STORES, 'who waits on $scheme', ({ start, flags }) => {
  let store: Service | undefined
  beforeAll(async () => {
    store = await start()
  })
  afterAll(() => store?.stop())

  let namespaces = 0
  const place = () => {
    namespaces++
    return new Place({
      RDV_NAMESPACE: `n${namespaces}`,
      ...(store && { RDV_BACKEND: store.url }),
    })
  }

  test('is shown by a status while it waits, a row for each target', async () => {
    const here = place()
    const waiting = here.start('wait', 'db=migrated', 'deploy/', 'tcp://127.0.0.1:1', ...flags)
    const rows = await untilWaits(here, 3)
    expect(rows).toEqual([
      row('db=migrated', waiting),
      row('deploy/', waiting),
      row('tcp://127.0.0.1:1', waiting),
    ])
    const { stdout } = await here.rdv('status', '--json')
    expect(JSON.parse(stdout).status[0]).toEqual({
      kind: 'wait',
      name: 'db=migrated',
      state: 'waits',
      holder: { host: hostname(), pid: waiting.pid, since: expect.any(String) },
    })
  })

  test('goes when the wait ends, and when its time is over', async () => {
    const here = place()
    const released = here.start('wait', 'db', ...flags)
    const late = here.start('wait', 'never', '--timeout', '12s', ...flags)
    expect((await untilWaits(here, 2)).map(([, name]) => name).sort()).toEqual(['db', 'never'])
    await here.rdv('signal', 'db')
    expect((await released.ended).code).toBe(0)
    expect((await late.ended).code).toBe(124)
    await untilWaits(here, 0)
  })

  test('goes when the waiter is killed', async () => {
    const here = place()
    const waiting = here.start('wait', 'db', ...flags)
    await untilWaits(here, 1)
    waiting.kill('SIGKILL')
    expect(await untilWaits(here, 0)).toEqual([])
  })

  test('is gone when the waiter becomes COMMAND', async () => {
    const here = place()
    const waiting = here.start(
      'wait',
      'db',
      ...flags,
      '--',
      'sh',
      '-c',
      'echo running; exec sleep 60',
    )
    await untilWaits(here, 1)
    await here.rdv('signal', 'db')
    await waiting.says(/running/)
    expect(await untilWaits(here, 0)).toEqual([])
  })

  test('is shown for counters and wait groups too', async () => {
    const here = place()
    const counting = here.start('counter', 'wait', 'c', '--at-least', '1', ...flags)
    await untilWaits(here, 1)
    const grouped = here.start('waitgroup', 'wait', 'w', '--expect', '1', ...flags)
    const rows = await untilWaits(here, 2)
    expect(rows).toEqual([row('counter c', counting), row('waitgroup w', grouped)])
  })
})

describe.concurrent('a wait', () => {
  test('that need not wait announces nothing, nor does one for a probe alone', async () => {
    const here = new Place()
    await here.rdv('signal', 'db')
    const watching = here.start('status', '--watch', '--json')
    await watching.says(/status/)
    await here.rdv('wait', 'db')
    await here.rdv('wait', 'tcp://127.0.0.1:1', '--timeout', '1s')
    await here.rdv('signal', 'end/here')
    await watching.says(/end/)
    watching.kill('SIGTERM')
    expect((await watching.ended).stdout).not.toContain('"wait"')
  })

  test('is not delayed, nor failed, by a store that takes no announcement', async () => {
    const server = await etcd.start()
    const here = new Place({ RDV_BACKEND: server.url })
    const waiting = here.start('wait', 'db', '--announce', '--timeout', '8s')
    await untilWaits(here, 1)
    await server.freeze()
    expect((await waiting.ended).code).toBe(120)
    await server.thaw()
    await server.stop()
  })

  test.each([etcd, consul])(
    'is shown again after an outage in which its announcement has ended: $scheme',
    async ({ start: begin }) => {
      const server = await begin()
      const here = new Place({ RDV_BACKEND: server.url })
      const waiting = here.start('wait', 'db', '--announce', '--timeout', '0')
      await untilWaits(here, 1)
      const { backend } = await open(server.url, { env: {} })
      const [note] = (await backend.list('rdv/waiter/')).entries
      await backend.revoke(note?.lease ?? '')
      // The waiter may have written another note already.
      expect(await backend.get(note?.key ?? '')).toBeUndefined()
      await backend.close()
      expect(await untilWaits(here, 1)).toEqual([row('db', waiting)])
      await server.stop()
    },
  )

  test('on etcd leaves nothing in the store unless it is told to', async () => {
    const server = await etcd.start()
    const here = new Place({ RDV_BACKEND: server.url })
    const silent = here.start('wait', 'db')
    const announced = here.start('wait', 'db', '--announce')
    expect(await untilWaits(here, 1)).toEqual([row('db', announced)])
    const fromVariable = new Place({ RDV_BACKEND: server.url, RDV_ANNOUNCE: '1' })
    const third = fromVariable.start('wait', 'db')
    expect(await untilWaits(here, 2)).toEqual([row('db', announced), row('db', third)])
    await here.rdv('signal', 'db')
    expect((await silent.ended).code).toBe(0)
    await server.stop()
  })

  test('by curl is shown through its server, with its address', async () => {
    const server = await http.start()
    const here = new Place({ RDV_BACKEND: server.url })
    const waiting = curl(`${server.url}/db?state=migrated`)
    expect(await untilWaits(here, 1)).toEqual([
      ['wait', 'db=migrated', 'waits', '', '127.0.0.1', '', expect.any(String)],
    ])
    waiting.child.kill('SIGKILL')
    await untilWaits(here, 0)
    await server.stop()
  })
})
