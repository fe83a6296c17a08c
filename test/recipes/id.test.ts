import { describe, expect, test } from 'vitest'
import { put, putHeld, remove } from '../../src/backends/operations.ts'
import { IndeterminateError, NoError } from '../../src/base/errors.ts'
import type { Namespace } from '../../src/recipes/core/namespace.ts'
import { ids } from '../../src/recipes/id/id.ts'
import { distorted, memory } from './namespace.ts'

const make = async (namespace: Namespace, count = 1): Promise<bigint[]> => {
  const made: bigint[] = []
  for await (const id of ids(namespace, { count })) made.push(id)
  return made
}

const machineOf = (id: bigint): number => Number(id & 0xffffn)
const tickOf = (id: bigint): number => Number(id >> 24n)
const nowInTicks = (): number => Math.floor((Date.now() - Date.UTC(2014, 8, 1)) / 10)

/** Records that ticks up to this one were used with a machine number. */
const used = (namespace: Namespace, machine: number, tick: number) =>
  namespace.backend.commit([], [put(`rdv/id/${machine}/last`, String(tick))])

describe('an id', () => {
  test('has 63 bits of Sonyflake: time, sequence, machine', async () => {
    const before = nowInTicks()
    const made = await make(await memory(), 300)
    expect(made.map((id) => Number((id >> 16n) & 0xffn))).toEqual(
      Array.from({ length: 300 }, (_, i) => i % 256),
    )
    expect(new Set(made.map(machineOf)).size).toBe(1)
    expect(tickOf(made[0] ?? 0n)).toBeGreaterThanOrEqual(before)
    expect(tickOf(made[0] ?? 0n)).toBeLessThanOrEqual(nowInTicks())
    for (const id of made) expect(id).toBeLessThan(2n ** 63n)
  })

  test('is made with a number that was used before, so that there do not come to be ever more', async () => {
    const namespace = await memory()
    const first = await make(namespace)
    await new Promise((resolve) => setTimeout(resolve, 20))
    const second = await make(namespace)
    expect(machineOf(second[0] ?? 0n)).toBe(machineOf(first[0] ?? 0n))
  })

  test('is made with another number where this clock is behind, and never again what may have been made', async () => {
    const namespace = await memory()
    await used(namespace, 7, nowInTicks() + 360_000)
    expect(machineOf((await make(namespace))[0] ?? 7n)).not.toBe(7)
  })

  test('is made ahead of a clock that is behind everybody', async () => {
    const namespace = await memory()
    const ahead = nowInTicks() + 360_000
    for (let from = 0; from < 65_536; from += 4_096) {
      const writes = Array.from({ length: 4_096 }, (_, i) =>
        put(`rdv/id/${from + i}/last`, String(ahead + from + i)),
      )
      for (let at = 0; at < writes.length; at += 64) {
        await namespace.backend.commit([], writes.slice(at, at + 64))
      }
    }
    const made = await make(namespace, 600)
    expect(made.map(tickOf)[0]).toBe(ahead + 1)
    expect(new Set(made).size).toBe(600)
    expect(made).toEqual([...made].sort((a, b) => (a < b ? -1 : 1)))
  })

  test('is refused where all machine numbers are taken', async () => {
    const namespace = await memory()
    const { id } = await namespace.backend.grant(60_000)
    for (let from = 0; from < 65_536; from += 64) {
      const writes = Array.from({ length: 64 }, (_, i) => putHeld(`rdv/id/${from + i}`, 'x', id))
      await namespace.backend.commit([], writes)
    }
    await expect(make(namespace)).rejects.toThrow(NoError)
    await namespace.backend.commit([], [remove('rdv/id/42')])
    expect((await make(namespace)).map(machineOf)).toEqual([42])
  })
})

describe('ids stay different and rise', () => {
  test('where the session is destroyed in the middle', async () => {
    const namespace = await memory()
    const made: bigint[] = []
    for await (const id of ids(namespace, { count: 60_000 })) {
      made.push(id)
      if (made.length === 10_000) {
        const { entries } = await namespace.backend.list('rdv/id/')
        await namespace.backend.revoke(entries.find(({ lease }) => lease)?.lease ?? '')
      }
    }
    expect(new Set(made).size).toBe(60_000)
    expect(made.every((id, i) => i === 0 || id > (made[i - 1] ?? id))).toBe(true)
  })

  test('where the answers to reservations are lost', async () => {
    const namespace = await memory()
    let commits = 0
    const shaky = distorted(namespace, {
      commit: async (...args) => {
        const result = await namespace.backend.commit(...args)
        if (++commits % 2 === 1) throw new IndeterminateError('the answer was lost')
        return result
      },
    })
    const made = [
      ...(await make(shaky, 500)),
      ...(await make(shaky, 500)),
      ...(await make(namespace)),
    ]
    expect(new Set(made).size).toBe(1_001)
  })
})
