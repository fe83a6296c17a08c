import { once } from 'node:events'
import { createServer } from 'node:net'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { Place, type Running } from '../commands/rdv.ts'
import { environmentIn } from '../examples/shell.ts'
import { freePorts } from '../services/ports.ts'
import { type PostgresService, startPostgres } from '../services/postgres.ts'
import { temporaryFolder } from '../services/watchdog.ts'
import { untilHome, untilWaiting } from './curl.ts'

/*
 * The commands in the README of web-rendezvous, run by a shell while rdv serves. Only ports and hosts are replaced. The
 * tests expect what that README promises, even if it calls curl without -f.
 */
describe('web-rendezvous’ commands', () => {
  let postgres: PostgresService
  let place: Place
  let url: string

  /** Runs a command as if it were pasted into a shell. */
  const paste = (command: string): Running =>
    place.startSh(command.replaceAll('http://localhost:8080', url))

  const createDatabase = async (name: string): Promise<void> => {
    const client = new pg.Client(postgres.url)
    await client.connect()
    await client.query(`create database ${pg.escapeIdentifier(name)}`)
    await client.end()
  }

  const listenLater = async (port: number): Promise<void> => {
    const listener = createServer((socket) => socket.destroy()).listen(port, '127.0.0.1')
    onTestFinished(() => void listener.close())
    await once(listener, 'listening')
  }

  beforeAll(async () => {
    postgres = await startPostgres()
    place = new Place(await environmentIn(temporaryFolder('web-rendezvous')))
  })
  afterAll(() => postgres.stop())

  /** Starts the server as its usage describes, with rdv's names for the settings. */
  const serve = async (...args: string[]): Promise<void> => {
    const [port] = await freePorts(1)
    const template = `postgres://postgres:${encodeURIComponent(postgres.password)}@127.0.0.1:${postgres.port}/{{.}}?sslmode=disable`
    const listen = ['--listen', `127.0.0.1:${port}`, '--postgres-url', template]
    const server = place.start('serve', ...listen, ...args)
    await server.says(/listening on/)
    url = `http://localhost:${port}`
  }

  test('a GET on a variable waits for the PUT of another terminal, and the home page lists it', async () => {
    await serve()
    const waiting = paste('curl -X GET --max-time 600   http://localhost:8080/abc')
    await untilHome(url, ({ waiting_and_failed }) => waiting_and_failed.includes('/abc'))
    const put = await paste('curl -X PUT http://localhost:8080/abc').ended
    expect(put).toMatchObject({ code: 0, stdout: '{"ok":true}' })
    expect(await waiting.ended).toMatchObject({ code: 0, stdout: '{"ok":true}' })
    await untilHome(url, ({ marked }) => marked.includes('/abc'))
  })

  test('a variable that was set before is no wait, by POST as well', async () => {
    await serve()
    await paste('curl -X POST http://localhost:8080/abc').ended
    for (const command of [
      'curl -X GET --silent --show-error  http://localhost:8080/abc',
      'wget -q "http://localhost:8080/abc" -O /dev/null',
      `node -e 'http.get("http://localhost:8080/abc", {agent: false}, (res) => { if (res.statusCode != 200) { process.exit(1) }});'`,
    ]) {
      expect([command, (await paste(command).ended).code]).toEqual([command, 0])
    }
  })

  test('a wait in vain is 404 after the timeout, and wget and node fail', async () => {
    await serve('--timeout', '1')
    const status = `curl -X GET -o /dev/null -w '%{http_code}' http://localhost:8080/abc`
    expect((await paste(status).ended).stdout).toBe('404')
    expect((await paste('wget -q "http://localhost:8080/abc" -O /dev/null').ended).code).not.toBe(0)
    const node = `node -e 'http.get("http://localhost:8080/abc", {agent: false}, (res) => { if (res.statusCode != 200) { process.exit(1) }});'`
    expect((await paste(node).ended).code).toBe(1)
    await untilHome(url, ({ waiting_and_failed }) => waiting_and_failed.includes('/abc'))
  })

  test('a GET on a database waits until it was created', async () => {
    await serve()
    const waiting = paste('curl -X GET --max-time 600   http://localhost:8080/_postgres/mydb')
    await untilWaiting(url, '/_postgres/mydb')
    await createDatabase('mydb')
    expect(await waiting.ended).toMatchObject({ code: 0, stdout: '{"ok":true}' })
  })

  test('a GET on a port waits until something listens there', async () => {
    await serve()
    const [port = 0] = await freePorts(1)
    const path = `/_port/localhost/${port}`
    const waiting = paste(`curl -X GET --max-time 600   http://localhost:8080${path}`)
    await untilWaiting(url, path)
    await listenLater(port)
    expect(await waiting.ended).toMatchObject({ code: 0, stdout: '{"ok":true}' })
  })

  test('the chain of the compose file starts the application when all is there', async () => {
    await serve()
    const [port = 0] = await freePorts(1)
    const app = paste(`curl -X GET --silent --show-error "http://localhost:8080/_postgres/my_db" \\
      && curl -X GET --silent --show-error "http://localhost:8080/_port/localhost/${port}" && echo started`)
    await untilWaiting(url, '/_postgres/my_db')
    await createDatabase('my_db')
    await untilWaiting(url, `/_port/localhost/${port}`)
    await listenLater(port)
    expect(await app.ended).toMatchObject({ code: 0, stdout: '{"ok":true}{"ok":true}started\n' })
  })

  test('its method in small letters is no HTTP: with -f nothing starts, and the sentence says why', async () => {
    await serve()
    const command = 'curl -X get --silent --show-error http://localhost:8080/_port/localhost/1'
    expect((await paste(command).ended).stdout).toContain('in capital letters')
    expect((await paste(`${command} -f && echo started`).ended).stdout).toBe('')
  })
})
