import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { freePorts } from '../services/ports.ts'
import { type PostgresService, startPostgres } from '../services/postgres.ts'
import type { Service } from '../services/service.ts'
import { temporaryFolder } from '../services/watchdog.ts'
import { curl, untilHome, untilWaiting } from './curl.ts'
import { startServe } from './fixtures/serve-process.ts'

describe('probes, for curl', () => {
  let server: Service
  let postgres: PostgresService

  beforeAll(async () => {
    postgres = await startPostgres({ databases: ['here'] })
    const login = `postgres:${encodeURIComponent(postgres.password)}`
    const postgresUrl = `postgres://${login}@127.0.0.1:${postgres.port}/{{.}}?sslmode=disable`
    server = await startServe({ store: 'memory', postgresUrl })
  })
  afterAll(async () => {
    await server.stop()
    await postgres.stop()
  })

  test('/_port/HOST/PORT blocks until something listens there, and marks it', async () => {
    const [port = 0] = await freePorts(1)
    const path = `/_port/localhost/${port}`
    const waiting = curl(server.url + path)
    await untilWaiting(server.url, path)
    const listener = createServer().listen(port, '127.0.0.1')
    await once(listener, 'listening')
    expect(await waiting).toMatchObject({ status: 200, body: { ok: true } })
    await untilHome(server.url, ({ marked }) => marked.includes(path))
    listener.close()
  })

  test('/_port says why when its time is up', async () => {
    const [port = 0] = await freePorts(1)
    expect(await curl(`${server.url}/_port/127.0.0.1/${port}?timeout=300ms`)).toMatchObject({
      status: 404,
      body: { ok: false, error: 'Timeout', hint: 'connection refused' },
    })
  })

  test('/_port to anything but a plain host and a port is refused', async () => {
    const targets = [
      'localhost/0',
      'localhost/65536',
      'localhost/x',
      'localhost',
      'localhost/80/x',
      '/80',
    ]
    const disguised = [
      '0x7f.1/80',
      '2130706433/80',
      '0177.0.0.1/80',
      '127.1/80',
      'a%2Fb/80',
      'a%40b/80',
    ]
    const metadata = ['169.254.169.254/80', 'fe80::1/80', '%3A%3Affff%3A169.254.169.254/80']
    for (const target of [...targets, ...disguised, ...metadata]) {
      const answer = await curl('-g', `${server.url}/_port/${target}`)
      expect([target, answer.status]).toEqual([target, 400])
    }
  })

  test('/_postgres/DB blocks until the database exists', async () => {
    expect(await curl(`${server.url}/_postgres/here`)).toMatchObject({
      status: 200,
      body: { ok: true },
    })
    const absent = await curl(`${server.url}/_postgres/absent?timeout=300ms`)
    expect(absent).toMatchObject({ status: 404, body: { ok: false, error: 'Timeout' } })
    expect(JSON.stringify(absent.body)).not.toContain(postgres.password)
  })

  test('/_postgres to anything but a database name is refused', async () => {
    for (const name of ['', '../x', '.', 'a/b', 'a%2Fb', 'x@evil', '%00']) {
      expect((await curl(`${server.url}/_postgres/${name}`)).status).toBe(400)
    }
  })

  test('a database name cannot leave its place in the URL', async () => {
    const answer = await curl(`${server.url}/_postgres/here%3Fhost=elsewhere?timeout=300ms`)
    expect(answer).toMatchObject({ status: 404, body: { error: 'Timeout' } })
    expect(JSON.stringify(answer.body)).toContain('does not exist')
  })

  test('what --postgres-url leaves out comes from the service file, but never a metadata service', async () => {
    const file = join(temporaryFolder('service'), 'services')
    const login = ['user=postgres', `password=${postgres.password}`]
    const here = ['[here]', 'host=127.0.0.1', `port=${postgres.port}`, ...login]
    const cloud = ['[cloud]', 'host=db', 'hostaddr=169.254.169.254', ...login]
    writeFileSync(file, [...here, ...cloud, ''].join('\n'))
    const answers = ['here', 'cloud'].map(async (service) => {
      const postgresUrl = `postgres:///{{.}}?service=${service}&servicefile=${file}`
      const other = await startServe({ store: 'memory', postgresUrl })
      onTestFinished(() => other.stop())
      return curl(`${other.url}/_postgres/here`)
    })
    expect(await Promise.all(answers)).toMatchObject([
      { status: 200 },
      { status: 400, body: { error: expect.stringContaining('metadata service') } },
    ])
  })
})
