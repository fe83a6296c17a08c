import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import type { Backend } from '../../../src/backends/backend.ts'
import { openBackend } from '../../../src/backends/open.ts'
import { put } from '../../../src/backends/operations.ts'
import { LeaseGoneError } from '../../../src/base/errors.ts'
import { sharedConformance } from '../conformance/index.ts'

const directory = () => mkdtemp(join(tmpdir(), 'rdv-durable-'))

sharedConformance(async () => {
  const folder = await directory()
  const url = `sqlite://${folder}/store.db`
  return {
    url,
    connect: (options) => openBackend(url, { env: {}, durable: true, ...options }),
    stop: () => rm(folder, { recursive: true }),
  }
})

describe('changes that arrive together', () => {
  const ending: (() => Promise<void>)[] = []
  afterEach(async () => {
    for (const end of ending.splice(0).reverse()) await end()
  })

  const opened = async (): Promise<Backend> => {
    const folder = await directory()
    ending.push(() => rm(folder, { recursive: true }))
    const store = await openBackend(`sqlite://${folder}/store.db`, { env: {}, durable: true })
    ending.push(() => store.close())
    return store
  }

  test('are made in the order in which they came, each under its own guards', async () => {
    const store = await opened()
    const key = 'rdv/signal/k'
    const results = await Promise.all(
      ['one', 'two', 'three'].map((state) =>
        store.commit([{ kind: 'absent', key }], [put(key, state)]),
      ),
    )
    expect(results.map(({ outcome }) => outcome)).toEqual(['ok', 'refused', 'refused'])
    expect(Buffer.from((await store.get(key))?.value ?? []).toString()).toBe('one')
  })

  test('fail alone', async () => {
    const store = await opened()
    const results = await Promise.allSettled([
      store.commit([], [put('rdv/signal/before', 'x')]),
      store.commit(
        [],
        [
          put('rdv/signal/half', 'x'),
          {
            kind: 'put',
            key: 'rdv/signal/held',
            value: Buffer.from('x'),
            lease: 'no-such-lease',
          },
        ],
      ),
      store.renew('no-such-lease'),
      store.commit([], [put('rdv/signal/after', 'x')]),
    ])
    expect(results.map(({ status }) => status)).toEqual([
      'fulfilled',
      'rejected',
      'rejected',
      'fulfilled',
    ])
    expect(results[1]).toMatchObject({ reason: expect.any(LeaseGoneError) })
    const { entries } = await store.list('rdv/signal/')
    expect(entries.map(({ key }) => key)).toEqual(['rdv/signal/after', 'rdv/signal/before'])
  })
})
