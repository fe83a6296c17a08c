import { expect, onTestFinished, test, vi } from 'vitest'
import { now } from '../../../src/base/clock.ts'
import { contention } from '../../../src/recipes/core/contention.ts'

/** Takes at least this many milliseconds, as a request to a store does. */
const attempt = (milliseconds: number): void => {
  const end = now() + milliseconds
  while (now() < end);
}

test('a pause after the first grows with the time that the attempt took', async () => {
  vi.spyOn(Math, 'random').mockReturnValue(1)
  onTestFinished(() => void vi.restoreAllMocks())
  const pauses = contention()
  const pause = () => pauses.next().value()
  attempt(2)
  expect(await pause()).toBe(false)
  attempt(2)
  const begun = now()
  expect(await pause()).toBe(true)
  // 16 times 2 ms; a timer of Node may be early by a millisecond
  expect(now() - begun).toBeGreaterThanOrEqual(31)
})
