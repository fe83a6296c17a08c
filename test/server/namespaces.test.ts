import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Backend } from '../../src/backends/backend.ts'
import { openBackend } from '../../src/backends/open.ts'
import { put } from '../../src/backends/operations.ts'
import { UsageError } from '../../src/base/errors.ts'
import { type Server, startServer } from '../../src/server/server.ts'
import { text } from '../backends/conformance/harness.ts'

describe('a server that opens one namespace of a store', () => {
  let store: Backend
  let server: Server
  let client: Backend

  beforeAll(async () => {
    store = await openBackend('memory:', { env: {} })
    await store.commit([], [put('vault/sys/token/id/abc', 'secret'), put('rdv/signal/k', 'ready')])
    const listen = { host: '127.0.0.1', port: 0 }
    server = await startServer({ listen, backend: store, namespace: 'rdv', namespaces: ['rdv'] })
    client = await openBackend(server.url, { env: {} })
  })
  afterAll(async () => {
    await client.close()
    await server.drain()
    await store.close()
  })

  test('lets its clients read and write there', async () => {
    expect(text(await client.get('rdv/signal/k'))).toBe('ready')
    expect((await client.commit([], [put('rdv/signal/other', 'ready')])).outcome).toBe('ok')
  })

  test.each(['vault/sys/token/id/abc', 'other/signal/k', 'rdv/vault/k', 'rdvx/signal/k'])(
    'lets nobody at %s',
    async (key) => {
      await expect(client.get(key)).rejects.toThrow(UsageError)
      await expect(client.list(key)).rejects.toThrow(UsageError)
      await expect(client.commit([], [put(key, 'mine')])).rejects.toThrow(UsageError)
      expect(text(await store.get(key))).not.toBe('mine')
    },
  )

  test('shows nothing of the rest of the store', async () => {
    await expect(client.list('vault/')).rejects.toThrow(UsageError)
    const { entries } = await client.list('rdv/')
    expect(entries.map(({ key }) => key)).toContain('rdv/signal/k')
  })
})
