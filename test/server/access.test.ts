import { chmodSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { openBackend } from '../../src/backends/open.ts'
import { put } from '../../src/backends/operations.ts'
import { undeclaredRoutes } from '../../src/server/access/authorize.ts'
import { createApp } from '../../src/server/app.ts'
import { contextOf } from '../../src/server/server.ts'
import { Place } from '../commands/rdv.ts'
import { startRdvServe } from '../commands/stores.ts'
import { freePorts } from '../services/ports.ts'
import type { Service } from '../services/service.ts'
import { temporaryFolder } from '../services/watchdog.ts'
import { curl } from './curl.ts'

const tokenFile = (text: string, mode = 0o600): string => {
  const file = join(temporaryFolder('tokens'), 'tokens')
  writeFileSync(file, text)
  chmodSync(file, mode)
  return file
}

const started = async (...flags: string[]): Promise<Service> => {
  const server = await startRdvServe(...flags)
  onTestFinished(() => server.stop())
  return server
}

test('every route says which scope it needs', async () => {
  const backend = await openBackend('memory:', { env: {} })
  const listen = { host: '127.0.0.1', port: 0 }
  const context = contextOf({ listen, backend, namespace: 'rdv' })
  const app = await createApp(context, createServer, {})
  expect(undeclaredRoutes(app)).toEqual([])
  await app.close()
  await backend.close()
})

describe('a token', () => {
  let server: Service
  const bearer = (token: string) => ['-H', `authorization: Bearer ${token}`]
  const ask = (token: string, method: string, path: string) =>
    curl(...bearer(token), '-X', method, '-H', 'content-type: application/json', server.url + path)

  beforeAll(async () => {
    server = await startRdvServe(
      '--token-file',
      tokenFile('# of the site\nroot\n\nread r\nsignal s\nprobe p\nadmin a\nread,signal rs\n'),
    )
    await ask('root', 'PUT', '/k')
  })
  afterAll(() => server.stop())

  const calls = (scope: string, method: string, ...paths: string[]) =>
    paths.map((path) => [scope, method, path] as const)

  test.each([
    ...calls('read', 'GET', '/', '/k', '/g/?timeout=1ms', '/_rdv/v1/watch?scope=rdv/signal/'),
    ...calls('read', 'POST', '/_rdv/v1/get', '/_rdv/v1/list', '/_rdv/v1/claimed'),
    ...calls('read', 'GET', '/_counter/c', '/_waitgroup/w', '/_lock/l', '/_election/e'),
    ...calls('read', 'GET', '/_topic/t?timeout=1ms'),
    ...calls('signal', 'PUT', '/k', '/_counter/c?value=1'),
    ...calls('signal', 'POST', '/_counter/c', '/_waitgroup/w', '/_topic/t', '/_election/e'),
    ...calls('signal', 'POST', '/_barrier/b?parties=0', '/_lock/l?slots=0'),
    ...calls('signal', 'POST', '/k', '/_rdv/v1/commit', '/_rdv/v1/grant', '/_rdv/v1/renew'),
    ...calls('signal', 'POST', '/_rdv/v1/revoke', '/_rdv/v1/claim', '/_rdv/v1/release'),
    ...calls('signal', 'DELETE', '/other'),
    ...calls('probe', 'GET', '/_port/127.0.0.1/0', '/_postgres/..'),
    ...calls('admin', 'POST', '/_rdv/v1/diagnose'),
    ...calls('admin', 'GET', '/_metrics'),
    ...calls('read', 'GET', '/_activity'),
    ...calls('read', 'POST', '/_rdv/v1/waiters', '/_rdv/v1/announce'),
  ])('of scope %s alone lets %s %s pass', async (scope, method, path) => {
    for (const [token, its] of Object.entries({ r: 'read', s: 'signal', p: 'probe', a: 'admin' })) {
      if (its === scope) continue
      const { status, body, headers } = await ask(token, method, path)
      const error = `this token is not authorized: it does not have the scope ${scope}`
      expect([its, status, body]).toEqual([its, 403, { ok: false, error, kind: 'usage' }])
      const challenge = `Bearer error="insufficient_scope", scope="${scope}"`
      expect(headers['www-authenticate']).toEqual([challenge])
    }
    const stream = path.includes('watch') ? ['--max-time', '1'] : []
    for (const token of [scope[0] ?? '', 'root']) {
      const { status } = await curl(
        ...[...stream, ...bearer(token), '-X', method, `${server.url}${path}`],
      )
      expect([200, 400, 404, 415]).toContain(status)
    }
  })

  test('that is wrong or missing is told from one that is not good for it', async () => {
    for (const token of ['wrong', 'R', 'roo', 'root2', 'read']) {
      const { status, headers } = await ask(token, 'GET', '/k')
      expect([token, status, headers['www-authenticate']]).toEqual([token, 401, ['Bearer']])
    }
    expect((await curl(`${server.url}/_health`)).body).toEqual({ ok: true })
    expect((await ask('p', 'GET', '/_rdv/v1')).status).toBe(200)
    expect((await ask('p', 'PATCH', '/k')).status).toBe(405)
  })

  test('is not needed for the page, which has no data, and for nothing else', async () => {
    const browser = ['-H', 'accept: text/html']
    const page = await curl(...browser, `${server.url}/`)
    expect(page).toMatchObject({ status: 200, body: expect.stringContaining('<html') })
    expect(page.headers['content-security-policy']?.[0]).toContain("default-src 'none'")
    expect((await curl(`${server.url}/_page/index.html`)).status).toBe(200)
    for (const path of ['/k', '/_openapi.json', '/_pages', '/_counter/c', '//', '/?%00']) {
      const { status } = await curl(...(path === '/?%00' ? [] : browser), server.url + path)
      expect([path, status]).toEqual([path, 401])
    }
    for (const path of ['..%2f..%2fpackage.json', '%2e%2e', '.hidden', 'x']) {
      expect((await curl(`${server.url}/_page/${path}`)).status).toBe(404)
    }
  })

  test('is presented by rdv, which hears what it lacks', async () => {
    const of = (token: string) => new Place({ RDV_BACKEND: server.url, RDV_TOKEN: token })
    expect(await of('r').rdv('wait', 'k')).toMatchObject({ code: 0 })
    expect(await of('rs').rdv('signal', 'by-rs')).toMatchObject({ code: 0 })
    expect(await of('r').rdv('signal', 'by-r')).toMatchObject({
      code: 120,
      stderr: expect.stringContaining('it does not have the scope signal'),
    })
    expect((await of('r').rdv('get', 'by-r')).code).toBe(1)
  })
})

describe('a token file', () => {
  const serve = async (file: string) => {
    const [port] = await freePorts(1)
    return new Place().start('serve', '--listen', `127.0.0.1:${port}`, '--token-file', file)
  }

  test.each([
    ['', /has no token: write TOKEN/],
    ['# only this\n\n', /has no token: write TOKEN/],
    ['read,write secret-x', /:1 has an unknown scope: use read, signal, probe, admin/],
    ['ok\nread signal secret-x', /:2 has too many words: write TOKEN/],
    ['secret-x\nread secret-x', /has a token twice/],
    ['sécret-x', /:1 has a token with characters that are not allowed in an HTTP header/],
  ])('such as %j is refused', async (text, says) => {
    const { code, stderr } = await (await serve(tokenFile(text))).ended
    expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringMatching(says) })
    expect(stderr).not.toContain('cret-x')
  })

  test('that everybody can read is warned of', async () => {
    const open = await serve(tokenFile('x', 0o644))
    await open.says(/all users of this machine can read .*: change its mode to 600/)
    const closed = await serve(tokenFile('x', 0o600))
    await closed.says(/listening on/)
    closed.kill('SIGTERM')
    expect((await closed.ended).stderr).not.toContain('can read')
  })
})

describe('a server without a token', () => {
  const called = async (server: Service, name: string, ...args: string[]) =>
    (await curl('-H', `host: ${name}`, ...args, `${server.url}/_health`)).status

  test('answers to names that nobody else can have', async () => {
    const server = await started()
    const port = `:${server.port}`
    for (const name of ['127.0.0.1', `localhost${port}`, '[::1]:80', '10.0.0.7', 'rendezvous']) {
      expect([name, await called(server, name)]).toEqual([name, 200])
    }
    expect(await called(server, hostname())).toBe(200)
    for (const name of [
      'evil.example',
      `evil.example${port}`,
      '127.0.0.1.nip.io',
      'a.localhost.b',
    ]) {
      expect([name, await called(server, name)]).toEqual([name, 403])
    }
    expect((await curl('-H', 'host: evil.example', `${server.url}/k`)).body).toMatchObject({
      error: 'the name in the header Host is not allowed: rdv serve --allow-host adds a name',
    })
    expect(await called(server, 'evil.example', '--http1.0')).toBe(403)
  })

  test('answers to the names that it is told', async () => {
    const server = await started('--allow-host', 'rdv.example.com', '--allow-host', '*.svc')
    for (const name of ['RDV.example.com', 'rdv.example.com.', 'rdv.ci.svc:80']) {
      expect([name, await called(server, name)]).toEqual([name, 200])
    }
    for (const name of ['example.com', 'x.rdv.example.com', 'evilsvc.example', 'a.svc.b']) {
      expect([name, await called(server, name)]).toEqual([name, 403])
    }
    const [own, foreign] = ['origin: http://rdv.example.com', 'origin: http://evil.example']
    const page = ['-X', 'POST', '-H', 'host: rdv.example.com', `${server.url}/k`]
    expect((await curl('-H', own, ...page)).status).toBe(200)
    expect((await curl('-H', foreign, ...page)).status).toBe(403)
  })

  test('says so when a name cannot be one', async () => {
    const { code, stderr } = await new Place().rdv('serve', '--allow-host', 'http://x')
    expect(code).toBe(2)
    expect(stderr).toContain('is not a host name: write rdv.example.com or *.example.com')
  })

  test('lets a link lead to its page, and nothing else', async () => {
    const server = await started()
    const from = async (path: string, ...headers: string[]) =>
      (await curl(...headers.flatMap((one) => ['-H', one]), server.url + path)).status
    const [cross, same] = ['sec-fetch-site: cross-site', 'sec-fetch-site: same-site']
    const link = ['sec-fetch-mode: navigate', 'sec-fetch-dest: document']
    expect(await from('/', cross, ...link)).toBe(200)
    expect(await from('/', 'sec-fetch-site: none', ...link)).toBe(200)
    expect(await from('/', cross, 'sec-fetch-mode: cors')).toBe(403)
    expect(await from('/', cross, 'sec-fetch-mode: navigate', 'sec-fetch-dest: iframe')).toBe(403)
    expect(await from('/k?timeout=1ms', cross, ...link)).toBe(403)
    expect(await from('/_health', same, 'sec-fetch-mode: no-cors')).toBe(403)
    expect(await from('/_health', 'sec-fetch-site: same-origin')).toBe(200)
  })
})

test('a GET changes nothing', async () => {
  const server = await started()
  const client = await openBackend(server.url, { env: {} })
  onTestFinished(() => client.close())
  await client.commit([], [put('rdv/signal/k', 'ready'), put('rdv/counter/c', '1')])
  const { revision } = await client.list('rdv/')
  const parameters = 'timeout=1ms&state=other&expire=1s&by=5&value=9&id=x'
  for (const path of ['', 'k', 'new', 'g/', '_port/127.0.0.1/1', '_postgres/db', '_health']) {
    await curl(`${server.url}/${path}?${parameters}`)
    await curl('-X', 'GET', '-d', 'state=other', `${server.url}/${path}?${parameters}`)
  }
  for (const path of ['', '/commit', '/grant', '/clear']) {
    const override = ['-H', 'x-http-method-override: POST', '-H', 'x-http-method: DELETE']
    await curl(...override, `${server.url}/_rdv/v1${path}?${parameters}`)
  }
  expect((await client.list('rdv/')).revision).toBe(revision)
})

test('a server with a token answers to any name: no foreign page has the token', async () => {
  const server = await started('--token-file', tokenFile('x'))
  const named = ['-H', 'host: rdv.example.com']
  expect(await curl(...named, `${server.url}/k`)).toMatchObject({ status: 401 })
  const mine = [...named, '-H', 'authorization: Bearer x', '-X', 'PUT', `${server.url}/k`]
  expect(await curl(...mine)).toMatchObject({ status: 200 })
  expect(await curl('-H', 'origin: https://rdv.example.com', ...mine)).toMatchObject({
    status: 200,
  })
  expect(await curl('-H', 'origin: https://evil.example', ...mine)).toMatchObject({ status: 403 })
})
