import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Service } from '../services/service.ts'
import { Place } from './rdv.ts'
import { consul, etcd, http } from './stores.ts'

/** An address at which no process listens. */
const DEAD = 'http://127.0.0.1:1'

describe.each([http, etcd, consul])('$scheme', ({ start }) => {
  let store: Service
  beforeAll(async () => {
    store = await start()
  })
  afterAll(() => store.stop())

  test('is not asked through a proxy that the environment names for others', async () => {
    const proxies = { HTTP_PROXY: DEAD, http_proxy: DEAD, HTTPS_PROXY: DEAD, ALL_PROXY: DEAD }
    const here = new Place({ RDV_BACKEND: store.url, ...proxies })
    expect(await here.rdv('signal', 'db')).toMatchObject({ code: 0, stderr: '' })
    expect(await here.rdv('wait', 'db')).toMatchObject({ code: 0, stderr: '' })
  })
})
