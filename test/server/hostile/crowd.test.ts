import type { Socket } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { openBackend } from '../../../src/backends/open.ts'
import { put } from '../../../src/backends/operations.ts'
import { startRdvServe } from '../../commands/stores.ts'
import type { Service } from '../../services/service.ts'
import { curl, untilHome, untilWaiting } from '../curl.ts'
import { dial, sendRaw } from '../raw.ts'
import { neighbour } from './neighbour.ts'
import { fileLimit, residentOf, untilClosed } from './process.ts'

/** 10,000, or as many as the limit of open files allows. */
const WAITERS = Math.min(10_000, fileLimit() - 500)

const started = async (...flags: string[]): Promise<Service> => {
  const server = await startRdvServe(...flags)
  onTestFinished(() => server.stop())
  return server
}

/** Sends a request over a new connection. Its answer is not read. */
const ask = async (port: number, request: string): Promise<Socket> => {
  const socket = await dial(port)
  onTestFinished(() => void socket.destroy())
  socket.pause().write(request)
  return socket
}

const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`

const statusOf = (socket: Socket): Promise<string> =>
  new Promise((resolve) => {
    socket.once('data', (data) => resolve(String(data).slice(9, 12)))
    socket.once('close', () => resolve('none'))
    socket.resume()
  })

describe('a crowd', () => {
  test(`of ${WAITERS} idle waiters is answered, and forgotten when it goes`, async () => {
    const server = await started()
    await curl('-X', 'PUT', `${server.url}/alive`)
    const before = residentOf(server.pid)
    const other = neighbour(`${server.url}/alive`)
    await untilClosed(server.pid, async () => {
      const waiters: Socket[] = []
      while (waiters.length < WAITERS) {
        const more = Array.from({ length: Math.min(200, WAITERS - waiters.length) }, () =>
          ask(server.port, get('/crowd?timeout=0')),
        )
        waiters.push(...(await Promise.all(more)))
      }
      await untilWaiting(server.url, '/crowd')
      expect((residentOf(server.pid) - before) / WAITERS).toBeLessThan(40)
      const [gone, staying] = [waiters.slice(0, WAITERS / 2), waiters.slice(WAITERS / 2)]
      for (const socket of gone) socket.destroy()
      await curl('-X', 'PUT', `${server.url}/crowd`)
      const statuses = await Promise.all(staying.map(statusOf))
      expect(new Set(statuses)).toEqual(new Set(['200']))
      for (const socket of staying) socket.destroy()
      expect(await other.stop()).toEqual(new Set([200]))
    })
  })

  test('of one address may be smaller than the whole', async () => {
    const server = await started('--max-waiters-per-client', '20')
    for (let count = 0; count < 20; count++) await ask(server.port, get(`/w${count}`))
    await untilWaiting(server.url, '/w19')
    const refused = { ok: false, error: expect.stringContaining('of this client address') }
    expect(await sendRaw(server.port, get('/one-more'))).toMatchObject({
      status: 429,
      body: refused,
    })
    const pipelined = get('/_health').repeat(10)
    expect(await sendRaw(server.port, pipelined)).toMatchObject({ status: 200 })
    expect(await curl('-X', 'PUT', `${server.url}/w0`)).toMatchObject({ status: 200 })
  })

  test('in one line waits in order, and leaves together', async () => {
    const server = await started('--max-waiters-per-client', '2')
    await untilClosed(server.pid, async () => {
      const socket = await ask(server.port, get('/first?timeout=0') + get('/second?timeout=0'))
      await untilWaiting(server.url, '/first')
      expect((await curl(`${server.url}/`)).body).toMatchObject({ waiting_and_failed: ['/first'] })
      await curl('-X', 'PUT', `${server.url}/first`)
      await untilWaiting(server.url, '/second')
      socket.destroy()
      await untilHome(server.url, ({ waiting_and_failed: paths }) => paths.length === 0)
      const long = await ask(server.port, get('/first-of-many?timeout=0').repeat(1_000))
      expect(await statusOf(long)).toBe('none')
      await untilHome(server.url, ({ waiting_and_failed: paths }) => paths.length === 0)
    })
  })

  test('of connections ends at the limit, and the rest goes on', async () => {
    const server = await started('--max-connections', '5')
    await untilClosed(server.pid, async () => {
      const open = await Promise.all(
        Array.from({ length: 5 }, () => ask(server.port, get('/waits'))),
      )
      expect((await curl(`${server.url}/_health`)).exitCode).not.toBe(0)
      open[0]?.destroy()
      while ((await curl(`${server.url}/_health`)).status !== 200);
      for (const socket of open) socket.destroy()
    })
  })
})

describe('a client that does not read', () => {
  const VALUE = 'x'.repeat(400_000)
  const READERS = 8

  test.each([
    ['a watch', get('/_rdv/v1/watch?scope=rdv/signal/')],
    [
      'one list after the other',
      `POST /_rdv/v1/list HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 23\r\n\r\n{"scope":"rdv/signal/"}`.repeat(
        20,
      ),
    ],
  ])('%s is let go, and takes no memory', async (_, request) => {
    const server = await started('--client-timeout', '5s')
    const client = await openBackend(server.url, { env: {} })
    onTestFinished(() => client.close())
    const fill = async () => {
      for (let at = 0; at < 40; at++) {
        await client.commit([], [put(`rdv/signal/large${at}`, VALUE)])
      }
    }
    await fill()
    const before = residentOf(server.pid)
    const other = neighbour(`${server.url}/large1?state=*`)
    await untilClosed(server.pid, async () => {
      for (let count = 0; count < READERS; count++) await ask(server.port, request)
      await fill()
    })
    expect(residentOf(server.pid) - before).toBeLessThan(600_000)
    expect(await other.stop()).toEqual(new Set([200]))
  })
})
