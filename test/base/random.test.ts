import { expect, test } from 'vitest'
import { randomBytes, randomInt } from '../../src/base/random.ts'

test('random bytes are as many as were asked for, and others each time', () => {
  const seen = new Set(Array.from({ length: 1_000 }, () => randomBytes(8).toString('hex')))
  expect(seen.size).toBe(1_000)
  expect([0, 1, 6, 4_096].map((length) => randomBytes(length).length)).toEqual([0, 1, 6, 4_096])
})

test('random numbers are below the end, and each of them comes', () => {
  const seen = new Set(Array.from({ length: 1_000 }, () => randomInt(7)))
  expect([...seen].sort()).toEqual([0, 1, 2, 3, 4, 5, 6])
})
