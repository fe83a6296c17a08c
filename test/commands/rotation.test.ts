import { copyFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { curl } from '../server/curl.ts'
import { createCertificates, type TlsFiles } from '../services/certificates.ts'
import { startConsul } from '../services/consul.ts'
import { startEtcd } from '../services/etcd.ts'
import { freePorts } from '../services/ports.ts'
import type { Service } from '../services/service.ts'
import { temporaryFolder } from '../services/watchdog.ts'
import { Place } from './rdv.ts'

const NAMES = ['ca', 'caKey', 'cert', 'key', 'clientCert', 'clientKey'] as const

/** Files that are replaced in place. */
const rotating = (first: TlsFiles) => {
  const folder = temporaryFolder('rotating')
  const path = (name: string) => join(folder, `${name}.pem`)
  const put = (files: TlsFiles, names: readonly (typeof NAMES)[number][] = NAMES) => {
    for (const name of names) copyFileSync(files[name], path(name))
  }
  put(first)
  const paths = Object.fromEntries(NAMES.map((name) => [name, path(name)]))
  return { files: { ...first, ...paths } as TlsFiles, put }
}

/** A server by `rdv serve` with the certificate in these files. */
const startTlsServe = async (files: TlsFiles, ...flags: string[]) => {
  const [port] = await freePorts(1)
  const place = new Place({ RDV_CACERT: files.ca })
  const tls = ['--tls-cert', files.cert, '--tls-key', files.key]
  const words = ['serve', '--listen', `127.0.0.1:${port}`, ...tls, ...flags]
  const url = `https://localhost:${port}`
  const start = async () => {
    const running = place.start(...words)
    await running.says(/listening on/)
    return running
  }
  return { url, start, client: new Place({ RDV_BACKEND: url, RDV_CACERT: files.ca }) }
}

describe('certificates that are replaced', () => {
  test('and a server of rdv that is restarted with them end neither a lock nor a wait', async () => {
    const [before, after] = [await createCertificates(), await createCertificates()]
    const { files, put } = rotating(before)
    const data = join(temporaryFolder('data'), 'data')
    const { start, client } = await startTlsServe(files, '--data-dir', data)
    const first = await start()
    const lock = client.start('lock', 'l', '--ttl', '30s', '--', 'sh', '-c', 'echo held; sleep 8')
    await lock.says(/held/)
    const waiting = client.start('wait', 'k', '--timeout', '2m')
    await waiting.says(/waiting for k \(not signalled\)/)
    first.kill('SIGTERM')
    await first.ended
    // only half of the files: the authority is still the old one
    put(after, ['cert', 'key'])
    await start()
    await client.rdv('wait', 'nobody', '--timeout', '2s')
    put(after)
    expect(await client.rdv('signal', 'k')).toMatchObject({ code: 0 })
    expect(await waiting.ended).toMatchObject({ code: 0 })
    expect(await lock.ended).toMatchObject({ code: 0 })
  })

  const stores = [
    {
      scheme: 'etcds',
      start: (tls: TlsFiles) => startEtcd({ tls }),
      env: ({ ca }: TlsFiles) => ({ ETCDCTL_CACERT: ca }),
    },
    {
      scheme: 'etcds, over gRPC',
      start: (tls: TlsFiles) => startEtcd({ tls, verifyClients: true }),
      env: ({ ca, clientCert, clientKey }: TlsFiles) => ({
        ETCDCTL_CACERT: ca,
        ETCDCTL_CERT: clientCert,
        ETCDCTL_KEY: clientKey,
      }),
    },
    {
      scheme: 'consuls',
      start: (tls: TlsFiles) => startConsul({ tls, verifyClients: true }),
      env: ({ ca, clientCert, clientKey }: TlsFiles) => ({
        CONSUL_CACERT: ca,
        CONSUL_CLIENT_CERT: clientCert,
        CONSUL_CLIENT_KEY: clientKey,
      }),
    },
  ]
  test.each(stores)('nor those of a store: $scheme', async ({ start, env }) => {
    const [before, after] = [await createCertificates(), await createCertificates()]
    const { files, put } = rotating(before)
    const store: Service = await start(files)
    onTestFinished(() => store.stop())
    const client = new Place({ RDV_BACKEND: store.url, ...env(files) })
    const waiting = client.start('wait', 'k', '--timeout', '3m')
    await waiting.says(/waiting for k \(not signalled\)/)
    put(after)
    await store.restart()
    expect(await client.rdv('signal', 'k', '--timeout', '2m')).toMatchObject({ code: 0 })
    expect(await waiting.ended).toMatchObject({ code: 0 })
  })
})

/** bun's servers keep the certificate with which they began. */
const replacesCertificates = process.env.RDV_TEST_EXECUTABLE === undefined

describe('upon HUP a server reads again', () => {
  test.runIf(!replacesCertificates)('its certificate: the executable refuses another', async () => {
    const [before, after] = [await createCertificates(), await createCertificates()]
    const { files, put } = rotating(before)
    const { start, url } = await startTlsServe(files)
    const server = await start()
    server.kill('SIGHUP')
    await server.says(/certificate and tokens reloaded/)
    put(after)
    server.kill('SIGHUP')
    await server.says(/reason="the standalone executable cannot replace its certificate/)
    expect(await curl('--cacert', before.ca, `${url}/_health`)).toMatchObject({ status: 200 })
  })

  test.runIf(replacesCertificates)(
    'its certificate, and ends no connection; what does not fit is refused',
    async () => {
      const [before, after] = [await createCertificates(), await createCertificates()]
      const { files, put } = rotating(before)
      const { start, client, url } = await startTlsServe(files)
      const server = await start()
      const held = client.start('lock', 'l', '--', 'sh', '-c', 'echo held; exec sleep 1000')
      await held.says(/held/)
      put(after, ['cert'])
      server.kill('SIGHUP')
      await server.says(
        /certificate and tokens not reloaded, the old ones stay in use reason="certificate and key do not match/,
      )
      expect(await curl('--cacert', before.ca, `${url}/_health`)).toMatchObject({ status: 200 })
      put(after)
      server.kill('SIGHUP')
      await server.says(/certificate and tokens reloaded/)
      expect(await curl('--cacert', after.ca, `${url}/_health`)).toMatchObject({ status: 200 })
      expect((await curl('--cacert', before.ca, `${url}/_health`)).exitCode).not.toBe(0)
      expect(await client.rdv('lock', 'l', '--try', '--', 'true')).toMatchObject({ code: 1 })
      held.kill('SIGTERM')
      expect(await held.ended).toMatchObject({ code: 143 })
    },
  )

  test('its tokens', async () => {
    const file = join(temporaryFolder('token'), 'tokens')
    writeFileSync(file, 'one\n', { mode: 0o600 })
    const place = new Place()
    const server = place.start('serve', '--listen', '127.0.0.1:0', '--token-file', file)
    const [, url = ''] = await server.says(/listening on (\S+)/)
    const status = async (token: string) =>
      (await curl('-H', `authorization: Bearer ${token}`, `${url}/`)).status
    expect([await status('one'), await status('two')]).toEqual([200, 401])
    writeFileSync(file, 'one two three\n')
    server.kill('SIGHUP')
    await server.says(
      /certificate and tokens not reloaded, the old ones stay in use reason=.*too many words/,
    )
    expect([await status('one'), await status('two')]).toEqual([200, 401])
    writeFileSync(file, 'two\n')
    server.kill('SIGHUP')
    await server.says(/certificate and tokens reloaded/)
    expect([await status('one'), await status('two')]).toEqual([401, 200])
  })

  test('its tokens, as a client does that has one in a file', async () => {
    const folder = temporaryFolder('token')
    const [accepted, own] = [join(folder, 'accepted'), join(folder, 'own')]
    writeFileSync(accepted, 'one\n', { mode: 0o600 })
    writeFileSync(own, 'one\n')
    const server = new Place().start('serve', '--listen', '127.0.0.1:0', '--token-file', accepted)
    const [, url = ''] = await server.says(/listening on (\S+)/)
    const client = new Place({ RDV_BACKEND: url, RDV_TOKEN_FILE: own })
    const held = client.start('signal', 'k', '--hold', '--ttl', '2s', '--on-loss', 'stop')
    await client.until('k')
    const replace = async (tokens: string) => {
      writeFileSync(accepted, tokens)
      server.kill('SIGHUP')
      await server.says(new RegExp(`(tokens reloaded[^]*){${++times}}`))
    }
    let times = 0
    await replace('one\ntwo\n')
    writeFileSync(own, 'two\n')
    await replace('two\n')
    // three times the TTL
    await client.rdv('wait', 'nobody', '--timeout', '6s')
    expect(await client.state('k')).toBe('ready')
    held.kill('SIGTERM')
    expect(await held.ended).toMatchObject({ code: 143 })
  })
})
