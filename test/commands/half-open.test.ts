import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { startProxy } from '../services/proxy.ts'
import { Place } from './rdv.ts'
import { REMOTE_STORES } from './stores.ts'

const ROUNDS = 3

/** Milliseconds between two faults. */
const EVERY = 8_000

test.concurrent.each(REMOTE_STORES.map(({ scheme, start: begin }) => ({ scheme, begin })))(
  'a lock moves on while its connections go half-open every 8 s, on $scheme',
  async ({ scheme, begin }) => {
    const store = await begin()
    const proxy = await startProxy(store)
    const place = new Place({ RDV_BACKEND: proxy.url(scheme) })
    let ends = false
    let moves = 0
    const takeTurns = async () => {
      while (!ends) {
        const { code, stderr } = await place.rdv('lock', 'l', '--timeout', '2m', '--', 'true')
        expect({ code, stderr }).toMatchObject({ code: 0 })
        moves++
      }
    }
    const all = Promise.all([takeTurns(), takeTurns(), takeTurns()])
    const movesInRounds: number[] = []
    for (let round = 0; round < ROUNDS; round++) {
      proxy.halfOpen()
      const before = moves
      await Promise.race([sleep(EVERY), all])
      movesInRounds.push(moves - before)
    }
    ends = true
    await all
    expect(Math.min(...movesInRounds), String(movesInRounds)).toBeGreaterThan(0)
    await proxy.stop()
    await store.stop()
  },
)
