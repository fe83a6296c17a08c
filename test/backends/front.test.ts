import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { Backend } from '../../src/backends/backend.ts'
import { put } from '../../src/backends/operations.ts'
import { CoordinationError, IndeterminateError, UnavailableError } from '../../src/base/errors.ts'
import { open } from '../../src/open.ts'
import { REMOTE_STORES } from '../commands/stores.ts'
import { failureOf } from '../failure-of.ts'
import { type Front, startFront } from '../services/front.ts'
import type { Service } from '../services/service.ts'
import { besideEach } from '../side-by-side.ts'
import { text } from './conformance/harness.ts'

/** The paths of commits, of all stores. */
const COMMITS = /^\/(v1\/txn|v3\/kv\/txn|_rdv\/v1\/commit)/
const KEY = 'rdv/signal/k'

const coordinationErrorOf = async (call: Promise<unknown>): Promise<CoordinationError> => {
  const error = await failureOf(call)
  expect(error).toBeInstanceOf(CoordinationError)
  return error as CoordinationError
}

besideEach(REMOTE_STORES, 'a load balancer in front of $scheme', ({ scheme, start }) => {
  let service: Service
  let front: Front
  let client: Backend
  let direct: Backend

  beforeAll(async () => {
    service = await start()
    front = await startFront(service)
    client = (await open(front.url(scheme), { env: {}, shortLived: true })).backend
    direct = (await open(service.url, { env: {} })).backend
  })
  afterEach(() => front.answer(COMMITS, undefined))
  afterAll(async () => {
    await client.close()
    await direct.close()
    await front.stop()
    await service.stop()
  })

  test.each([429, 401, 403])('that answers %d to a write has kept it', async (status) => {
    front.answer(COMMITS, { status, carriedOut: false })
    const error = await coordinationErrorOf(client.commit([], [put(KEY, String(status))]))
    expect(error).toBeInstanceOf(UnavailableError)
    expect(error).toMatchObject({ retryable: status === 429 })
    expect(text(await direct.get(KEY))).not.toBe(String(status))
  })

  test.each([500, 502, 503, 504, 408])(
    'that answers %d to a write may have passed it on: nothing is sent again',
    async (status) => {
      const before = await direct.commit([], [put('rdv/signal/before', 'x')])
      front.answer(COMMITS, { status, carriedOut: true })
      const error = await coordinationErrorOf(client.commit([], [put(KEY, String(status))]))
      expect(error).toBeInstanceOf(IndeterminateError)
      const entry = await direct.get(KEY)
      expect(text(entry)).toBe(String(status))
      expect(before).toMatchObject({ outcome: 'ok' })
    },
  )

  test.each([429, 403, 500, 502, 503, 504])(
    'that answers %d to everything is told of in a sentence',
    async (status) => {
      front.answer(/^/, { status, carriedOut: false })
      const error = await coordinationErrorOf(client.get(KEY))
      expect(error).toBeInstanceOf(UnavailableError)
      expect(error.message).toContain(String(status))
      expect(error.message).not.toMatch(/[\n<]/)
    },
  )
})
