import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { aborted } from '../../../src/base/abort.ts'
import { backoff } from '../../../src/base/backoff.ts'
import { now } from '../../../src/base/clock.ts'
import { TimeoutError } from '../../../src/base/errors.ts'
import { eitherSignal, nowWaiting } from '../../../src/base/waiting-mark.ts'
import { type Limits, timeLeftAfter, withDeadline } from '../../../src/recipes/core/deadline.ts'

const DAY = 24 * 3_600_000

describe('a deadline', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  /** The state of a call with this timeout after this time, in milliseconds. */
  const after = async (timeout: number, time: number): Promise<unknown> => {
    let outcome: unknown = 'under way'
    withDeadline({ timeout }, aborted).catch((error) => {
      outcome = error
    })
    await vi.advanceTimersByTimeAsync(time)
    return outcome
  }

  test.each([1, 1_000, 2 ** 31 - 1, 2 ** 31, 2 ** 31 + 1, 2 ** 32, 60 * DAY, 365 * DAY])(
    'of %d ms is over then, and not before',
    async (timeout) => {
      expect(await after(timeout, timeout - 1)).toBe('under way')
      expect(await after(timeout, timeout)).toBeInstanceOf(TimeoutError)
    },
  )

  test.each([0, undefined])('of %s is none', async (timeout) => {
    expect(await after(timeout as number, 400 * DAY)).toBe('under way')
  })

  test.each([5, 2 ** 31, 90 * DAY])(
    'of %d ms leaves no timer when the call ends sooner',
    async (timeout) => {
      expect(await withDeadline({ timeout }, async () => 'done')).toBe('done')
      expect(vi.getTimerCount()).toBe(0)
      await vi.advanceTimersByTimeAsync(0)
      await expect(
        withDeadline({ timeout }, () => Promise.reject(new Error('no'))),
      ).rejects.toThrow('no')
      expect(vi.getTimerCount()).toBe(0)
    },
  )

  test('aborts the call whose body took longer than the timeout', async () => {
    const call = withDeadline({ timeout: 1_000 }, async (signal) => {
      await vi.advanceTimersByTimeAsync(1_000)
      signal.throwIfAborted()
    })
    await expect(call).rejects.toThrow(TimeoutError)
    expect(vi.getTimerCount()).toBe(0)
  })

  test('without a timeout is the caller’s signal', async () => {
    const { signal } = new AbortController()
    await withDeadline({ signal }, async (inner) => expect(inner).toBe(signal))
    expect(vi.getTimerCount()).toBe(0)
  })

  describe('that may be put off', () => {
    const limits = { timeout: 1_000, overtime: 500 }

    /** The time after which the call ends, in milliseconds. `body` gets the signal of the call. */
    const endOf = async (body: (signal: AbortSignal) => void, more: Limits = {}) => {
      const begun = performance.now()
      const call = withDeadline({ ...limits, ...more }, (signal) => {
        body(signal)
        return aborted(signal)
      })
      let ended: number | undefined
      const outcome = call.catch((error) => {
        ended = performance.now() - begun
        return error
      })
      await vi.advanceTimersByTimeAsync(5_000)
      expect(await outcome).toBeInstanceOf(TimeoutError)
      expect(vi.getTimerCount()).toBe(0)
      return ended
    }

    test('is, for a call that does not wait', async () => {
      expect(await endOf(() => {})).toBe(1_500)
    })

    test('is not, for one that waits already', async () => {
      expect(await endOf((signal) => nowWaiting(signal))).toBe(1_000)
    })

    test('ends the call when that begins to wait afterwards', async () => {
      const wait = (signal: AbortSignal) => setTimeout(() => nowWaiting(signal), 1_200)
      expect(await endOf(wait)).toBe(1_200)
    })

    test.each([
      [
        'by a pause between two attempts',
        (signal: AbortSignal) => {
          for (const pause of backoff()) return void pause(signal)
        },
      ],
      [
        'with a signal that was made of its own',
        (signal: AbortSignal) => {
          nowWaiting(eitherSignal(new AbortController().signal, signal))
        },
      ],
      [
        'within another one',
        (signal: AbortSignal) => {
          withDeadline({ timeout: 60_000, signal }, async (inner) => {
            nowWaiting(inner)
            await aborted(inner)
          }).catch(() => {})
        },
      ],
    ])('sees that it waits %s', async (_, body) => {
      expect(await endOf(body)).toBe(1_000)
    })

    test('counts from when the caller’s time began', async () => {
      const begun = now() - 900
      expect(await endOf((signal) => nowWaiting(signal), { begun })).toBe(100)
    })
  })

  test('leaves less time for what comes after it, the later that is', async () => {
    const call = withDeadline({ timeout: 1_000 }, aborted).catch((error) => error)
    await vi.advanceTimersByTimeAsync(1_000)
    const reason = await call
    expect(timeLeftAfter(reason, 500)).toBe(500)
    await vi.advanceTimersByTimeAsync(600)
    expect(timeLeftAfter(reason, 500)).toBe(250)
    expect(timeLeftAfter(new TimeoutError('late', { cause: reason }), 500)).toBe(250)
    await vi.advanceTimersByTimeAsync(600)
    expect(timeLeftAfter(reason, 500)).toBe(1)
    expect(timeLeftAfter(new Error('told to end'), 500)).toBe(500)
  })
})

test('a caller’s signal cancels with its reason, before and during the call', async () => {
  const cancel = new AbortController()
  const call = withDeadline({ timeout: 60_000, signal: cancel.signal }, aborted)
  cancel.abort(new Error('cancelled'))
  await expect(call).rejects.toThrow('cancelled')
  const body = vi.fn()
  await expect(withDeadline({ signal: cancel.signal }, body)).rejects.toThrow('cancelled')
  expect(body).not.toHaveBeenCalled()
})
