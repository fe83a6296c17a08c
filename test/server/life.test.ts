import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, describe, expect, test } from 'vitest'

import { openBackend } from '../../src/backends/open.ts'
import { put } from '../../src/backends/operations.ts'
import { UnavailableError, UsageError } from '../../src/base/errors.ts'
import { startServer } from '../../src/server/server.ts'
import { createCertificates } from '../services/certificates.ts'
import type { Service } from '../services/service.ts'
import { curl, untilWaiting } from './curl.ts'
import { type ServeOptions, startServe } from './fixtures/serve-process.ts'

describe('a server', () => {
  const running: Service[] = []
  const start = async (options: ServeOptions = {}): Promise<Service> => {
    const server = await startServe(options)
    running.push(server)
    return server
  }
  afterEach(async () => {
    for (const server of running.splice(0)) await server.stop()
  })

  const inProcess = async (listen: { host: string; port: number }, rest = {}) =>
    startServer({
      listen,
      backend: await openBackend('memory:', { env: {} }),
      namespace: 'rdv',
      ...rest,
    })

  test('says so when its port is in use', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const { port } = other.address() as AddressInfo
    const attempt = inProcess({ host: '127.0.0.1', port })
    await expect(attempt).rejects.toThrow(UnavailableError)
    await expect(attempt).rejects.toMatchObject({
      message: `127.0.0.1:${port} is in use by another program: stop it, or choose another port`,
      retryable: false,
    })
    other.close()
  })

  test('serves others only with a token, or when told that everybody may use it', async () => {
    for (const host of ['0.0.0.0', '::', '192.0.2.1', 'example.com']) {
      await expect(inProcess({ host, port: 0 })).rejects.toThrow(UsageError)
    }
    const server = await inProcess({ host: '0.0.0.0', port: 0 }, { insecure: true })
    expect(await curl(`http://127.0.0.1:${server.port}/_health`)).toMatchObject({ status: 200 })
    await server.drain()
  })

  test('tells its health, its store and whether that lasts', async () => {
    const server = await start({ store: 'memory' })
    const { body } = await curl(`${server.url}/_health`)
    expect(body).toMatchObject({ ok: true, backend: 'memory:', durable: false })
  })

  test('that stops tells who waits, so that they can go elsewhere', async () => {
    const server = await start({ store: 'memory' })
    const waiting = curl(`${server.url}/never`)
    await untilWaiting(server.url, '/never')
    const watching = curl('-N', `${server.url}/_rdv/v1/watch?scope=rdv/signal/x`)
    const elsewhere = curl(
      '--retry',
      '20',
      '--retry-connrefused',
      '--retry-delay',
      '1',
      `${server.url}/soon`,
    )
    await untilWaiting(server.url, '/soon')
    await watching.answering
    const { pid } = server
    process.kill(pid, 'SIGTERM')
    expect(await waiting).toMatchObject({
      status: 503,
      body: { ok: false, error: 'the server is shutting down' },
      exitCode: 0,
    })
    expect(await watching).toMatchObject({ exitCode: 0 })
    await untilEnded(pid)
    await server.restart()
    await untilWaiting(server.url, '/soon')
    await curl('-X', 'PUT', `${server.url}/soon`)
    expect(await elsewhere).toMatchObject({ status: 200 })
  })

  test('stops although a client keeps a connection open and reads nothing', async () => {
    const server = await inProcess({ host: '127.0.0.1', port: 0 })
    const idle = connect(server.port, '127.0.0.1')
    const half = connect(server.port, '127.0.0.1')
    half.on('error', () => {})
    await Promise.all([once(idle, 'connect'), once(half, 'connect')])
    half.write('GET /k HTTP/1.1\r\nHost: x\r\n')
    await Promise.all([server.drain(), server.drain()])
    await expect(curl(`${server.url}/`)).resolves.toMatchObject({ exitCode: 7 })
    idle.destroy()
    half.destroy()
  })

  test('keeps what was signalled across a restart when its store is a file', async () => {
    const server = await start()
    await curl('-X', 'PUT', `${server.url}/lasting`)
    await server.restart()
    expect(await curl(`${server.url}/lasting`)).toMatchObject({ status: 200 })
  })

  test('with a token answers only who presents it', async () => {
    const server = await start({ store: 'memory', token: 'right', host: '127.0.0.1' })
    const bearer = (token: string) => ['-H', `authorization: Bearer ${token}`]
    for (const path of ['/', '/k', '/_rdv/v1', '/_port/localhost/1', '/_healthy']) {
      expect(await curl(server.url + path)).toMatchObject({ status: 401, body: { ok: false } })
      expect(await curl(...bearer('wrong'), server.url + path)).toMatchObject({ status: 401 })
    }
    expect(await curl('-X', 'PUT', `${server.url}/k`)).toMatchObject({ status: 401 })
    expect(await curl(...bearer('right'), '-X', 'PUT', `${server.url}/k`)).toMatchObject({
      status: 200,
    })
    expect((await curl(`${server.url}/_health`)).body).toEqual({ ok: true })
    await expect(openBackend(server.url, { env: {} })).rejects.toMatchObject({
      kind: 'unavailable',
      retryable: false,
      message: expect.stringContaining('RDV_TOKEN'),
    })
    const client = await openBackend(server.url, { env: { RDV_TOKEN: 'right' } })
    expect(await client.get('rdv/signal/k')).toBeDefined()
    await client.close()
  })

  test('serves TLS, and with an authority only clients that it signed', async () => {
    const tls = await createCertificates()
    const server = await start({ store: 'memory', tls })
    const files = {
      RDV_CACERT: tls.ca,
      RDV_CLIENT_CERT: tls.clientCert,
      RDV_CLIENT_KEY: tls.clientKey,
    }
    const client = await openBackend(server.url, { env: files })
    await client.commit([], [put('rdv/signal/k', 'ready')])
    await client.close()
    const certificate = ['--cert', tls.clientCert, '--key', tls.clientKey]
    expect(await curl('--cacert', tls.ca, ...certificate, `${server.url}/k`)).toMatchObject({
      status: 200,
    })
    expect((await curl('--cacert', tls.ca, `${server.url}/k`)).exitCode).not.toBe(0)
    await expect(openBackend(server.url, { env: {} })).rejects.toMatchObject({
      kind: 'unavailable',
      retryable: false,
    })
  })

  test('refuses what a foreign web page makes a browser send', async () => {
    const server = await start({ store: 'memory' })
    const from = (...headers: string[]) =>
      curl('-X', 'POST', ...headers.flatMap((header) => ['-H', header]), `${server.url}/k`)
    expect(await from('origin: https://evil.example')).toMatchObject({ status: 403 })
    expect(await from('origin: http://evil.example', 'host: evil.example')).toMatchObject({
      status: 403,
    })
    expect(await from('origin: null')).toMatchObject({ status: 403 })
    expect(await from(`origin: ${server.url}`)).toMatchObject({ status: 200 })
  })

  test('lets only so many wait', async () => {
    const server = await start({ store: 'memory', maxWaitersPerClient: 1 })
    const waiting = curl(`${server.url}/one`)
    await untilWaiting(server.url, '/one')
    expect(await curl(`${server.url}/two`)).toMatchObject({ status: 429 })
    await curl('-X', 'PUT', `${server.url}/one`)
    expect(await waiting).toMatchObject({ status: 200 })
    expect(await curl(`${server.url}/one`)).toMatchObject({ status: 200 })
  })
})

const untilEnded = async (pid: number): Promise<void> => {
  while (runs(pid)) await delay(10)
}

const runs = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
