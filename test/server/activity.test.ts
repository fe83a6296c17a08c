import { connect } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { openBackend } from '../../src/backends/open.ts'
import { put } from '../../src/backends/operations.ts'
import { Hold } from '../../src/recipes/hold.ts'
import { signal } from '../../src/recipes/signal.ts'
import { wait } from '../../src/recipes/wait/wait-targets.ts'
import type { Activity, WaitSpan } from '../../src/server/activity/protocol.ts'
import { Place } from '../commands/rdv.ts'
import { onTestFinished } from '../finished.ts'
import type { Service } from '../services/service.ts'
import { curl, lookAt, untilHome, untilWaiting } from './curl.ts'
import { follow } from './events.ts'
import { type ServeOptions, startServe } from './fixtures/serve-process.ts'
import { streamingCurl } from './streaming-curl.ts'

const start = async (options: ServeOptions = { store: 'memory' }): Promise<Service> => {
  const server = await startServe(options)
  onTestFinished(() => server.stop())
  return server
}

const activity = async ({ port }: Service): Promise<Activity> =>
  (await lookAt(port, '/_activity')) as Activity

/** Looks until a wait for the target fulfils `wanted`. */
const untilWait = async (
  server: Service,
  target: string,
  wanted: (span: WaitSpan) => boolean,
): Promise<WaitSpan> => {
  for (;;) {
    const found = (await activity(server)).waits.find((span) => span.target === target)
    if (found && wanted(found)) return found
    await delay(20)
  }
}

const hasEnded = ({ until }: WaitSpan): boolean => until !== undefined

const namespaceOf = async ({ url }: Service) => ({
  backend: await openBackend(url, { env: {} }),
  name: 'rdv',
})

describe.concurrent('the activity of a server', () => {
  test('tells what server it is, and of nothing else at first', async () => {
    const server = await start()
    expect(await activity(server)).toEqual({
      ok: true,
      server: {
        version: expect.any(String),
        backend: 'memory:',
        namespace: 'rdv',
        durable: false,
        startedAt: expect.any(Number),
        now: expect.any(Number),
      },
      status: [],
      waits: [],
      unlisted: 0,
      signals: [],
    })
  })

  test('tells who waits, and which signal released it, set by whom', async () => {
    const server = await start()
    const waiting = curl(`${server.url}/db`)
    await untilWaiting(server.url, '/db')
    const before = await untilWait(server, 'db', ({ reason }) => reason === 'not signalled')
    expect(before).toEqual({
      id: expect.any(String),
      target: 'db',
      waiter: { client: '127.0.0.1', agent: expect.stringMatching(/^curl\/\d/) },
      since: expect.any(Number),
      reason: 'not signalled',
    })
    await curl('-X', 'PUT', `${server.url}/other`)
    await curl('-X', 'PUT', `${server.url}/db?state=busy`)
    await curl('-X', 'PUT', `${server.url}/db`)
    await waiting
    const { reason: _, ...told } = before
    const { waits, signals } = await activity(server)
    const mark = signals.find(({ state, key }) => key === 'db' && state === 'ready')
    expect(mark).toMatchObject({ by: { client: '127.0.0.1' } })
    const after = { ...told, until: expect.any(Number), outcome: 'released', releasedBy: mark?.id }
    expect(waits).toEqual([after])
    expect(signals.map(({ key, state }) => [key, state])).toEqual([
      ['other', 'ready'],
      ['db', 'busy'],
      ['db', 'ready'],
    ])
  })

  test('tells who waits for a recipe in the words of rdv', async () => {
    const server = await start()
    await curl(`${server.url}/_counter/builds?at-least=1&timeout=50ms`)
    expect((await activity(server)).waits).toMatchObject([
      { target: 'counter builds', waiter: { client: '127.0.0.1' }, outcome: 'timeout' },
    ])
  })

  test('tells of waits that time out, fail, or whose client goes', async () => {
    const server = await start()
    await curl(`${server.url}/late?timeout=100ms`)
    await curl('-X', 'PUT', `${server.url}/broken?state=failed`)
    await curl(`${server.url}/_port/127.0.0.1/1?timeout=100ms`)
    const failing = curl(`${server.url}/bad?fail-state=failed`)
    const going = curl(`${server.url}/gone`)
    await untilWaiting(server.url, '/gone')
    await untilWaiting(server.url, '/bad')
    going.child.kill('SIGKILL')
    await curl('-X', 'PUT', `${server.url}/bad?state=failed`)
    await failing
    await untilHome(server.url, (home) => !home.waiting_and_failed.includes('/gone'))
    const { waits } = await activity(server)
    expect(waits.map(({ target, outcome, reason }) => [target, outcome, reason])).toEqual(
      expect.arrayContaining([
        ['late', 'timeout', 'not signalled'],
        ['tcp://127.0.0.1:1', 'timeout', expect.stringContaining('refused')],
        ['bad', 'failed', expect.stringContaining('failed')],
        ['gone', 'gone', undefined],
      ]),
    )
  })

  test('credits the signal that completed a group', async () => {
    const server = await start()
    const waiting = curl(`${server.url}/deploy/?min=2`)
    await untilWaiting(server.url, '/deploy/')
    for (const name of ['deploy/a', 'deploy/b/c', 'deploy/b']) {
      await curl('-X', 'PUT', `${server.url}/${name}`)
    }
    await waiting
    const { waits, signals } = await activity(server)
    const mark = signals.find(({ key }) => key === 'deploy/b')
    expect(waits).toMatchObject([{ target: 'deploy/', releasedBy: mark?.id }])
  })

  test('tells who signals and waits by curl: its name, else its program and address', async () => {
    const server = await start()
    await curl('-X', 'PUT', `${server.url}/named?by=deploy%20job`)
    await curl('-X', 'POST', '-A', 'ci/7', `${server.url}/agent`)
    await curl('-X', 'PUT', '-A', '', `${server.url}/expiring?expire=1h`)
    await curl('-X', 'DELETE', `${server.url}/named?by=janitor`)
    const agent = `\u009b31mhttp://u:s3cr3t@h ${'x'.repeat(500)}`
    await curl('-X', 'PUT', '-A', agent, `${server.url}/odd`)
    const forwarded = (header: string) =>
      curl('-X', 'PUT', '-H', `x-forwarded-for: ${header}`, `${server.url}/proxied`)
    await forwarded('198.51.100.1, 203.0.113.9')
    await forwarded('<script>')
    const client = '127.0.0.1'
    const curls = expect.stringMatching(/^curl\//)
    const { signals } = await activity(server)
    expect(signals.map(({ key, by }) => [key, by])).toEqual([
      ['named', { name: 'deploy job', client, agent: curls }],
      ['agent', { client, agent: 'ci/7' }],
      ['expiring', { client }],
      ['named', { name: 'janitor', client, agent: curls }],
      ['odd', { client, agent: expect.stringMatching(/ 31mhttp:\/\/u:\*\*\*@h x{1,60}$/) }],
      ['proxied', { client, forwardedFor: '203.0.113.9', agent: curls }],
      ['proxied', { client, agent: curls }],
    ])
    for (const path of ['db?', '_port/127.0.0.1/1?', '_barrier/b?parties=2&', '_lock/l?']) {
      const method = /_(barrier|lock)/.test(path) ? 'POST' : 'GET'
      await curl('-X', method, '--max-time', '1', `${server.url}/${path}by=me&timeout=50ms`)
    }
    await curl('-X', 'POST', '--max-time', '1', `${server.url}/_election/e?id=node1`)
    const { waits } = await activity(server)
    expect(waits.map(({ target, waiter }) => [target, waiter.name])).toEqual(
      expect.arrayContaining([
        ['db', 'me'],
        ['tcp://127.0.0.1:1', 'me'],
        ['barrier b', 'me'],
      ]),
    )
  })

  test('says who holds a lock by curl, and who waits, not which server does it for them', async () => {
    const server = await start()
    const place = new Place({ RDV_BACKEND: server.url })
    const held = streamingCurl('-X', 'POST', `${server.url}/_lock/l?by=deploy-job`)
    await held.says(/"token"/)
    const leading = streamingCurl('-X', 'POST', `${server.url}/_election/e?id=node1`)
    await leading.says(/"token"/)
    const waiting = streamingCurl(`${server.url}/later?by=night-job`)
    await untilWaiting(server.url, '/later')
    const queue = (await curl(`${server.url}/_lock/l`)).body
    expect(queue).toMatchObject({ queue: [{ state: 'holds', by: 'deploy-job' }] })
    expect(await place.rdv('lock', 'l', '--try')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('l is held by deploy-job'),
    })
    const { stdout } = await place.rdv('status', '--json')
    const { status } = JSON.parse(stdout) as { status: { kind: string; holder?: object }[] }
    const holders = status.map(({ kind, holder }) => [kind, holder])
    expect(holders).toMatchObject(
      expect.arrayContaining([
        ['lock', expect.objectContaining({ by: 'deploy-job' })],
        ['election', expect.objectContaining({ by: 'node1' })],
        ['wait', expect.objectContaining({ host: 'night-job' })],
      ]),
    )
    waiting.kill('SIGKILL')
  })

  test('tells who holds what, and when a key is cleared', async () => {
    const server = await start()
    const namespace = await namespaceOf(server)
    const hold = await Hold.take(namespace, 'node1', 'busy')
    await hold.release()
    const { signals } = await activity(server)
    expect(signals).toMatchObject([
      { key: 'node1', state: 'busy', by: { pid: process.pid, host: expect.any(String) } },
      { key: 'node1', state: null },
    ])
    await namespace.backend.close()
  })

  test('knows processes that wait through it, and how their waits ended', async () => {
    const server = await start()
    const namespace = await namespaceOf(server)
    const stop = new AbortController()
    const released = wait(namespace, 'db')
    const late = wait(namespace, 'late', { timeout: 6_000 })
    const killed = wait(namespace, 'killed', { signal: stop.signal })
    const failing = wait(namespace, 'bad', { failStates: ['failed'] })
    const group = wait(namespace, 'group/', { failStates: ['failed'] })
    const ended = Promise.allSettled([released, late, killed, failing, group])
    for (const target of ['db', 'late', 'killed', 'bad', 'group/']) {
      const span = await untilWait(server, target, () => true)
      expect(span.waiter).toEqual({ host: expect.any(String), pid: process.pid })
    }
    await signal(namespace, 'db')
    await signal(namespace, 'bad', 'failed')
    await signal(namespace, 'group/node', 'failed')
    stop.abort(new Error('stop'))
    await ended
    const { signals } = await activity(server)
    expect(await untilWait(server, 'db', hasEnded)).toMatchObject({
      outcome: 'released',
      releasedBy: signals[0]?.id,
    })
    expect(await untilWait(server, 'late', hasEnded)).toMatchObject({ outcome: 'timeout' })
    expect(await untilWait(server, 'killed', hasEnded)).toMatchObject({ outcome: 'gone' })
    const failed = await untilWait(server, 'bad', hasEnded)
    expect(failed).toMatchObject({ outcome: 'failed', reason: 'bad has failed: is failed' })
    expect(await untilWait(server, 'group/', hasEnded)).toMatchObject({ outcome: 'failed' })
    await namespace.backend.close()
  })

  test('is bounded: of very many waits the oldest are listed and the others counted', async () => {
    const server = await start()
    const path = Array.from({ length: 1_100 }, () => 'GET /db HTTP/1.1\r\nHost: x\r\n\r\n')
    const sockets = await Promise.all(
      path.map(async (request) => {
        const socket = connect(Number(new URL(server.url).port), '127.0.0.1')
        socket.on('error', () => {}).on('data', () => socket.destroy())
        await new Promise((resolve) => socket.once('connect', resolve))
        socket.write(request)
        return socket
      }),
    )
    const total = ({ waits, unlisted }: Activity) => waits.length + unlisted
    while (total(await activity(server)) < 1_100) await delay(20)
    expect(await activity(server)).toMatchObject({ unlisted: 100 })
    const namespace = await namespaceOf(server)
    expect(await namespace.backend.list('rdv/waiter/')).toMatchObject({ entries: [] })
    const following = await follow(server.url)
    expect((await following.next('activity')).unlisted).toBe(100)
    await curl('-X', 'PUT', `${server.url}/db`)
    await Promise.all(sockets.map((socket) => socket.closed || once(socket)))
    const after = await following.next('activity', ({ signals }) => signals.length === 1)
    expect(after.waits.length).toBeLessThanOrEqual(2_000)
    // a thousand ends are reported by few events
    expect(following.events.length).toBeLessThan(1_500)
    await namespace.backend.close()
  })
})

const once = (socket: ReturnType<typeof connect>) =>
  new Promise((resolve) => socket.once('close', resolve))

describe.concurrent('the events of a server', () => {
  test('are the whole activity, then each wait, signal and status', async () => {
    const server = await start()
    const following = await follow(server.url)
    expect((await following.next('activity')).waits).toEqual([])
    const waiting = curl(`${server.url}/deploy/`)
    const begun = await following.next('wait')
    expect(begun).toMatchObject({ target: 'deploy/' })
    expect(begun.until).toBeUndefined()
    await curl('-X', 'PUT', `${server.url}/deploy/a?state=busy`)
    const changed = await following.next('wait', ({ reason }) => !!reason?.includes('a is busy'))
    expect(changed).toMatchObject({ id: begun.id, reason: '0 of 1 ready, a is busy' })
    await curl('-X', 'PUT', `${server.url}/deploy/a`)
    await waiting
    const mark = await following.next('signal', ({ state }) => state === 'ready')
    const ended = await following.next('wait', ({ until }) => until !== undefined)
    expect(ended).toMatchObject({ id: begun.id, outcome: 'released', releasedBy: mark.id })
    await following.next('status', (rows) => rows.some(({ kind }) => kind === 'group'))
  })

  test('reach everybody who follows them, whoever came when', async () => {
    const server = await start()
    const first = await follow(server.url)
    const waiting = curl(`${server.url}/db`)
    await untilWaiting(server.url, '/db')
    const second = await follow(server.url)
    expect((await second.next('activity')).waits).toHaveLength(1)
    await first.next('wait', ({ target }) => target === 'db')
    await curl('-X', 'PUT', `${server.url}/db`)
    await waiting
    for (const one of [first, second]) await one.next('wait', ({ outcome }) => !!outcome)
  })

  test('leave out who reads slowly, and tell it everything anew when it reads again', async () => {
    const server = await start()
    const slow = await follow(server.url)
    await slow.next('activity')
    slow.response.pause()
    const namespace = await namespaceOf(server)
    const groups = Array.from({ length: 1_000 }, (_, i) => `${'x'.repeat(480)}${i}/member`)
    // far more than the sockets and the server keep for a slow client
    for (let round = 0; round < 20; round++) {
      const writes = groups.map((key) =>
        put(`rdv/signal/${key}`, round % 2 ? 'ready' : `r${round}`),
      )
      await namespace.backend.commit([], writes)
      await delay(250)
    }
    await signal(namespace, 'last')
    await delay(250)
    slow.response.resume()
    const again = await slow.next('activity', ({ signals }) => signals.at(-1)?.key === 'last')
    expect(again.signals).toHaveLength(1_000)
    // it has missed some of the events that were sent meanwhile
    expect(slow.events.filter(({ name }) => name !== 'signal').length).toBeLessThan(20)
    await namespace.backend.close()
  })

  test('end with the server', async () => {
    const server = await start()
    const following = await follow(server.url)
    await following.next('activity')
    const closed = new Promise((resolve) => following.response.once('close', resolve))
    await server.stop()
    await closed
    expect(following.response.closed).toBe(true)
  })
})
