import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { createCertificates } from '../services/certificates.ts'
import { startConsul } from '../services/consul.ts'
import { startEtcd } from '../services/etcd.ts'
import { temporaryFolder } from '../services/watchdog.ts'
import { Place } from './rdv.ts'
import { startRdvServe } from './stores.ts'
import { timed } from './timed.ts'

describe('who may', () => {
  test('is told nothing about the IP address of an etcd with TLS', async () => {
    const store = await startEtcd({ tls: await createCertificates() })
    try {
      const place = new Place({ RDV_BACKEND: store.url, ...store.environment })
      const script = 'echo a | rdv publish t - && rdv subscribe t --from start --count 1 --quiet'
      expect(await place.sh(script)).toEqual({ code: 0, signal: null, stdout: 'a\n', stderr: '' })
    } finally {
      await store.stop()
    }
  })
})

describe('who may not', () => {
  test('is told 120 at once: a wrong password of etcd', async () => {
    const store = await startEtcd({ auth: { user: 'alice', password: 'right' } })
    try {
      const wrong = { ETCDCTL_USER: 'alice', ETCDCTL_PASSWORD: 'hunter2' }
      const place = new Place({ RDV_BACKEND: store.url, ...wrong })
      await refusesAll(place)
      expect(
        await new Place({ RDV_BACKEND: store.url, ...store.environment }).rdv('signal', 'k'),
      ).toMatchObject({ code: 0 })
    } finally {
      await store.stop()
    }
  })

  test('is told 120 at once: a wrong token of Consul', async () => {
    const store = await startConsul({ aclToken: 'b1d5a33c-0a3c-4d63-9a0c-6f2e1c6f7a11' })
    try {
      const wrong = { CONSUL_HTTP_TOKEN: '00000000-dead-4d63-9a0c-hunter200000' }
      await refusesAll(new Place({ RDV_BACKEND: store.url, ...wrong }))
      expect(
        await new Place({ RDV_BACKEND: store.url, ...store.environment }).rdv('signal', 'k'),
      ).toMatchObject({ code: 0 })
    } finally {
      await store.stop()
    }
  })

  test('is told 120 at once: a wrong token of a rendezvous server', async () => {
    const file = join(temporaryFolder('token'), 'token')
    writeFileSync(file, 'right\n')
    const store = await startRdvServe('--token-file', file)
    try {
      const wrongFile = join(temporaryFolder('token'), 'wrong')
      writeFileSync(wrongFile, 'hunter2\n')
      for (const { set, says } of [
        { set: { RDV_TOKEN: 'hunter2' }, says: 'rejects the token of RDV_TOKEN:' },
        { set: { RDV_TOKEN_FILE: wrongFile }, says: 'the token of RDV_TOKEN_FILE:' },
        { set: {}, says: 'requires a token: set RDV_TOKEN' },
      ]) {
        const place = new Place({ RDV_BACKEND: store.url, ...set })
        await refusesAll(place)
        expect((await place.rdv('get', 'k')).stderr).toContain(says)
      }
      for (const right of [{ RDV_TOKEN: 'right' }, { RDV_TOKEN_FILE: file }]) {
        const place = new Place({ RDV_BACKEND: store.url, ...right })
        expect(await place.rdv('signal', 'k')).toMatchObject({ code: 0 })
      }
    } finally {
      await store.stop()
    }
  })

  const refusesAll = async (place: Place): Promise<void> => {
    for (const argv of [
      ['get', 'k'],
      ['signal', 'k'],
      ['wait', 'k'],
      ['signal', 'k', '--hold'],
    ]) {
      const { code, stdout, stderr, took } = await timed(place, ...argv, '--timeout', '20s')
      expect({ argv, code, stdout }).toEqual({ argv, code: 120, stdout: '' })
      expect(stderr).not.toContain('hunter2')
      expect(took).toBeLessThan(10_000)
    }
  }
})
