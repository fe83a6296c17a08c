import { describe, expect, test } from 'vitest'
import { put } from '../../../src/backends/operations.ts'
import type { Harness, Pair } from './harness.ts'

export const lists = (pair: Pair<Harness>): void => {
  describe('a list', () => {
    const filled = async (names: readonly string[]): Promise<string> => {
      const prefix = pair.prefix()
      for (const name of names) await pair.a.commit([], [put(`${prefix}${name}`, name)])
      return prefix
    }
    const names = async (prefix: string, options = {}): Promise<string[]> => {
      const { entries } = await pair.b.list(prefix, options)
      return entries.map(({ key }) => key.slice(prefix.length))
    }

    test('is in the order of the keys’ bytes', async () => {
      const prefix = await filled(['b', 'a', 'B', 'é', '~', 'a/c', 'a-c', '\u{10000}', '\uffee'])
      expect(await names(prefix)).toEqual([
        'B',
        'a',
        'a-c',
        'a/c',
        'b',
        '~',
        'é',
        '\uffee',
        '\u{10000}',
      ])
    })

    test('has what lies below the prefix, and not what is merely alike', async () => {
      const prefix = await filled(['deploy/a', 'deploy/a/b', 'deployment/x', 'deploy', 'deploy0'])
      expect(await names(`${prefix}deploy/`)).toEqual(['a', 'a/b'])
    })

    test('of one key has that key alone', async () => {
      const prefix = await filled(['a', 'a/b', 'ab'])
      expect(await names(`${prefix}a`)).toEqual([''])
      expect(await names(`${prefix}c`)).toEqual([])
    })

    test('goes on after a key, by as many as wanted', async () => {
      const prefix = await filled(['a', 'b', 'c', 'd'])
      expect(await names(prefix, { limit: 2 })).toEqual(['a', 'b'])
      expect(await names(prefix, { after: `${prefix}b` })).toEqual(['c', 'd'])
      expect(await names(prefix, { after: `${prefix}a`, limit: 2 })).toEqual(['b', 'c'])
      expect(await names(prefix, { after: `${prefix}d` })).toEqual([])
    })

    test('sees every commit that was acknowledged before, and says as of which revision', async () => {
      const prefix = pair.prefix()
      for (let i = 0; i < 20; i++) {
        const result = await pair.a.commit([], [put(`${prefix}k`, String(i))])
        const listing = await pair.b.list(prefix)
        if (result.outcome !== 'ok') throw new Error('refused')
        expect(listing.entries[0]?.modRevision).toBe(result.revision)
        expect(listing.revision).toBeGreaterThanOrEqual(result.revision)
      }
    })
  })
}
