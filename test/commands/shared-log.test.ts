import { statSync } from 'node:fs'
import { beforeEach, describe, expect, test } from 'vitest'
import { Place } from './rdv.ts'

describe('while a process holds a key, the store keeps its log, in whose room sessions are renewed on a full disk', () => {
  let place: Place
  const room = () => statSync(`${place.file}-wal`).size

  beforeEach(async () => {
    place = new Place()
    place.start('signal', 'held', '--hold')
    await place.until('held')
  })

  test.each([
    ['one that read', ['list'], 0],
    ['one that wrote', ['signal', 'k'], 0],
    ['one that ran a command', ['lock', 'l', '--', 'true'], 0],
    ['one that gave up', ['wait', 'nobody', '--timeout', '1ms'], 124],
    ['one that found nothing', ['get', 'nobody'], 1],
  ])('after %s has ended', async (_, words, code) => {
    const before = room()
    expect(before).toBeGreaterThan(0)
    expect(await place.rdv(...words)).toMatchObject({ code })
    expect(room()).toBeGreaterThanOrEqual(before)
  })

  test('after one that was interrupted', async () => {
    const waiting = place.start('wait', 'nobody')
    await waiting.says(/waiting for nobody/)
    const before = room()
    waiting.kill('SIGINT')
    expect(await waiting.ended).toMatchObject({ code: 130 })
    expect(room()).toBeGreaterThanOrEqual(before)
  })
})
