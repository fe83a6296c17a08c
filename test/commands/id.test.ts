import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Service } from '../services/service.ts'
import { besideEach } from '../side-by-side.ts'
import { lines, Place } from './rdv.ts'
import { REMOTE_STORES } from './stores.ts'

const local = { scheme: 'sqlite', start: async () => undefined }

/** The time at which an id was made, in milliseconds since 1970, with a resolution of 10 ms. */
const timeOf = (id: bigint): number => Number(id >> 24n) * 10 + Date.UTC(2014, 8, 1)

besideEach([local, ...REMOTE_STORES], 'ids on $scheme', ({ start }) => {
  let store: Service | undefined
  beforeAll(async () => {
    store = await start()
  })
  afterAll(() => store?.stop())

  test('70,000 of seven processes are different, and those of each rise', async () => {
    const here = new Place(store && { RDV_BACKEND: store.url })
    const runs = Array.from({ length: 7 }, () => here.rdv('id', '--count', '10000'))
    const begun = Date.now()
    const results = await Promise.all(runs)
    const all = new Set<bigint>()
    for (const { code, stdout, stderr } of results) {
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
      const found = lines(stdout).map(BigInt)
      expect(found).toHaveLength(10_000)
      expect(found.every((id, i) => i === 0 || id > (found[i - 1] ?? id))).toBe(true)
      expect(timeOf(found[0] ?? 0n)).toBeGreaterThan(begun - 1_000)
      expect(timeOf(found.at(-1) ?? 0n)).toBeLessThanOrEqual(Date.now())
      for (const id of found) all.add(id)
    }
    expect(all.size).toBe(70_000)
  })

  test('one after the other rise', async () => {
    const here = new Place(store && { RDV_BACKEND: store.url })
    const found: bigint[] = []
    for (let i = 0; i < 5; i++) found.push(BigInt((await here.rdv('id')).stdout))
    expect(found).toEqual([...found].sort((a, b) => (a < b ? -1 : 1)))
  })
})

test('as JSON an id is text, for numbers of JSON are not exact', async () => {
  const { stdout } = await new Place().rdv('id', '--json')
  expect(JSON.parse(stdout)).toEqual({ ok: true, id: expect.stringMatching(/^\d{18}$/) })
})

test.each(['0', '-1', 'many', ''])('--count %j is refused', async (count) => {
  const { code, stdout, stderr } = await new Place().rdv('id', '--count', count)
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  expect(stderr).toMatch(/integer of at least 1/)
})

test('who is told to end stops, and its machine number is free again', async () => {
  const here = new Place()
  const running = here.start('id', '--count', '1000000')
  await running.says(/\d{18}\n/)
  running.kill('SIGTERM')
  expect((await running.ended).code).toBe(143)
  expect(await here.rdv('status')).toMatchObject({ code: 0, stdout: '' })
})
