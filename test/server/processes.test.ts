import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import type { Waiter } from '../../src/backends/backend.ts'
import { openBackend } from '../../src/backends/open.ts'
import { wait } from '../../src/recipes/wait/wait-targets.ts'
import type { Activity, WaitSpan } from '../../src/server/activity/protocol.ts'
import { Place } from '../commands/rdv.ts'
import type { Service } from '../services/service.ts'
import { announce } from './announce.ts'
import { curl, lookAt } from './curl.ts'
import { startServe } from './fixtures/serve-process.ts'

let server: Service
let here: Place
beforeEach(async () => {
  server = await startServe({ store: 'memory' })
  here = new Place({ RDV_BACKEND: server.url })
})
afterEach(() => server.stop())

const activity = async (): Promise<Activity> =>
  (await lookAt(server.port, '/_activity')) as Activity

/** Looks until a wait for the target fulfils `wanted`. */
const untilWait = async (
  target: string,
  wanted: (span: WaitSpan) => boolean = () => true,
): Promise<WaitSpan> => {
  for (;;) {
    const { waits } = await activity()
    const found = waits.find((span) => span.target === target && wanted(span))
    if (found) return found
    await delay(50)
  }
}

const untilEnded = (target: string) => untilWait(target, ({ until }) => until !== undefined)

const untilShort = (target: string, reason: string) =>
  untilWait(target, (span) => span.reason === reason)

const waiterFor = (target: string, others: Partial<Waiter> = {}): Waiter => ({
  ...{ targets: [target], host: 'elsewhere', pid: 7, since: new Date().toISOString() },
  ...others,
})

describe('how the wait of a process ended', () => {
  test('is told by the process: it timed out, and what was missing', async () => {
    const ended = await Promise.all([
      here.rdv('wait', 'one', '--timeout', '3s'),
      here.rdv('wait', 'two', 'three', '--timeout', '3s'),
      here.rdv('wait', 'tcp://127.0.0.1:1', 'four', '--timeout', '3s'),
      here.rdv('counter', 'wait', 'builds', '--at-least', '2', '--timeout', '3s'),
      here.rdv('waitgroup', 'wait', 'shards', '--expect', '1', '--timeout', '3s'),
    ])
    expect(ended.map(({ code }) => code)).toEqual([124, 124, 124, 124, 124])
    const { waits } = await activity()
    expect(waits.map(({ target, outcome, reason }) => [target, outcome, reason]).sort()).toEqual([
      ['counter builds', 'timeout', 'is 0, wanted: 2 or more'],
      ['one', 'timeout', 'not signalled'],
      [
        'tcp://127.0.0.1:1, four',
        'timeout',
        'tcp://127.0.0.1:1 connection refused; four not signalled',
      ],
      ['two, three', 'timeout', 'two not signalled; three not signalled'],
      ['waitgroup shards', 'timeout', 'has 0 pending, 0 of 1 added'],
    ])
  })

  test('is told where it was interrupted or failed, and seen where it was killed', async () => {
    const interrupted = here.start('wait', 'interrupted')
    const killed = here.start('wait', 'killed')
    const several = here.start('wait', 'several', 'others')
    const failing = here.start('wait', 'a', 'b', '--fail-state', 'failed')
    for (const target of ['interrupted', 'killed', 'several, others', 'a, b'])
      await untilWait(target)
    interrupted.kill('SIGTERM')
    killed.kill('SIGKILL')
    several.kill('SIGKILL')
    await here.rdv('signal', 'b', 'failed')
    expect((await failing.ended).code).toBe(1)
    expect(await untilEnded('interrupted')).toMatchObject({
      outcome: 'gone',
      reason: 'interrupted by SIGTERM',
    })
    for (const target of ['killed', 'several, others']) {
      const span = await untilEnded(target)
      expect(span.outcome).toBe('gone')
      expect(span.reason).toBeUndefined()
    }
    expect(await untilEnded('a, b')).toMatchObject({ outcome: 'failed' })
  })

  test('is seen where it was released, of whatever it waited for', async () => {
    const waiting = [
      here.start('wait', 'a', 'b'),
      here.start('wait', 'a', 'never', '--any'),
      here.start('wait', 'deploy/', '--min', '2'),
      here.start('wait', 'a', `tcp://127.0.0.1:${server.port}`),
      here.start('counter', 'wait', 'builds', '--at-least', '1'),
      here.start('waitgroup', 'wait', 'shards', '--expect', '1'),
    ]
    const targets = [
      ...['a, b', 'a, never', 'deploy/', `a, tcp://127.0.0.1:${server.port}`],
      ...['counter builds', 'waitgroup shards'],
    ]
    for (const target of targets) await untilWait(target)
    await here.rdv('signal', 'deploy/one')
    await untilShort('deploy/', '1 of 2 ready')
    await here.rdv('signal', 'deploy/two')
    await here.rdv('signal', 'a')
    await here.rdv('signal', 'b')
    await here.rdv('counter', 'inc', 'builds')
    await here.rdv('waitgroup', 'add', 'shards', '1')
    await here.rdv('waitgroup', 'done', 'shards')
    for (const { ended } of waiting) expect((await ended).code).toBe(0)
    for (const target of targets)
      expect([target, (await untilEnded(target)).outcome]).toEqual([target, 'released'])
  })

  test('is not taken for a release where a group was far from ready', async () => {
    const waiting = here.start('wait', 'deploy/', '--min', '3')
    await untilWait('deploy/')
    await here.rdv('signal', 'deploy/one')
    waiting.kill('SIGKILL')
    expect(await untilEnded('deploy/')).toMatchObject({ outcome: 'gone' })
  })

  test('is told through the store, too, by a process that is not a client of the server', async () => {
    const beside = await startServe({ store: 'file' })
    onTestFinished(() => beside.stop())
    const { body } = await curl(`${beside.url}/_activity`)
    const local = new Place({ RDV_BACKEND: (body as Activity).server.backend })
    expect((await local.rdv('wait', 'local', '--timeout', '3s')).code).toBe(124)
    const told = async (): Promise<Activity> =>
      (await curl(`${beside.url}/_activity`)).body as Activity
    for (;;) {
      const [span] = (await told()).waits
      if (span?.until === undefined) continue
      expect(span).toMatchObject({ target: 'local', outcome: 'timeout', reason: 'not signalled' })
      break
    }
    expect((await local.rdv('status')).stdout).toBe('')
  })

  test('of rdv that does not tell is judged as well as it can be', async () => {
    const since = new Date(Date.now() - 9_900).toISOString()
    const late = await announce(server.url, waiterFor('late', { since, timeout: 10_000 }))
    const left = await announce(server.url, waiterFor('left', { states: ['ready'] }))
    const open = await announce(server.url, waiterFor('x', { targets: ['x', 'y'] }))
    for (const one of [late, left, open]) one.destroy()
    expect(await untilEnded('late')).toMatchObject({ outcome: 'timeout' })
    expect(await untilEnded('left')).toMatchObject({ outcome: 'gone' })
    expect((await untilEnded('x, y')).outcome).toBeUndefined()
  })

  test('is not the end of a connection that is made anew', async () => {
    const waiter = waiterFor('db', { id: 'one', states: ['ready'] })
    const first = await announce(server.url, waiter)
    const { id } = await untilWait('db')
    const second = await announce(server.url, waiter)
    first.destroy()
    const third = await announce(server.url, waiter)
    second.destroy()
    await curl('-X', 'PUT', `${server.url}/db`)
    third.destroy()
    expect(await untilEnded('db')).toMatchObject({ id, outcome: 'released' })
    expect((await activity()).waits).toHaveLength(1)
  })

  test('fails no wait where the server is too old to be told', async () => {
    const namespace = { backend: await openBackend(server.url, { env: {} }), name: 'rdv' }
    const answer = await curl(
      ...['-X', 'POST', '-H', 'content-type: application/json'],
      ...['-d', '{"namespace":"rdv","id":"nobody","outcome":"timeout"}'],
      `${server.url}/_rdv/v1/conclude`,
    )
    expect(answer.status).toBe(200)
    const unknown = { ...namespace, name: 'other' }
    await expect(wait(unknown, 'db', { timeout: 500 })).rejects.toThrow('timed out')
    await namespace.backend.close()
  })
})

describe('what those who wait are short of', () => {
  test('is told of groups, with the number that they need', async () => {
    here.start('wait', 'deploy/', '--min', '3')
    curl(`${server.url}/deploy/?ready=4`)
    await here.rdv('signal', 'deploy/one')
    await here.rdv('signal', 'deploy/two', 'busy')
    const told = await untilShort('deploy/', '1 of 3 ready, two is busy')
    expect(told).toMatchObject({ needs: 3, waiter: { pid: expect.any(Number) } })
    const byCurl = await untilShort('deploy/', '1 of 4 ready, two is busy')
    expect(byCurl).toMatchObject({ needs: 4, waiter: { client: expect.any(String) } })
  })

  test('is told of wait groups, counters, and several targets', async () => {
    await here.rdv('signal', 'busy')
    here.start('waitgroup', 'wait', 'shards', '--expect', '4')
    here.start('counter', 'wait', 'builds', '--equals', '7')
    here.start('wait', 'db', 'deploy/', 'tcp://127.0.0.1:1', '--min', '2')
    here.start('wait', '--not', 'busy')
    await here.rdv('waitgroup', 'add', 'shards', '2')
    await untilShort('waitgroup shards', 'has 2 pending, 2 of 4 added')
    await untilShort('counter builds', 'is 0, wanted: 7')
    await untilShort(
      'db, deploy/, tcp://127.0.0.1:1',
      'db not signalled; deploy/ has no members, needs at least 2',
    )
    await untilShort('busy', 'busy is ready')
    curl(`${server.url}/_waitgroup/others?expect=1`)
    curl(`${server.url}/_counter/others?equals=7`)
    await untilShort('waitgroup others', 'has 0 pending, 0 of 1 added')
    await untilShort('counter others', 'is 0, wanted: 7')
  })
})

test('what the server does for a client is the client’s, and is told once', async () => {
  curl('-X', 'POST', `${server.url}/_lock/x`)
  curl(`${server.url}/_counter/c?at-least=1`)
  await curl('-X', 'PUT', `${server.url}/job?expire=1h`)
  const { signals } = await activity()
  expect(signals).toMatchObject([{ key: 'job', by: { client: '127.0.0.1' } }])
  expect(signals[0]?.by).not.toHaveProperty('pid')
  await untilShort('counter c', 'is 0, wanted: 1 or more')
  // it announces itself later than the server would list its client
  here.start('counter', 'wait', 'c', '--at-least', '2')
  await untilShort('counter c', 'is 0, wanted: 2 or more')
  const { waits } = await activity()
  expect(waits.filter(({ target }) => target === 'counter c')).toHaveLength(2)
  for (;;) {
    const { status } = await activity()
    const lock = status.find(({ kind }) => kind === 'lock')
    if (!lock) continue
    expect(lock.holder?.by).toMatch(/^curl\S* \(127\.0\.0\.1\)$/)
    break
  }
})

test('metrics count those in queues', async () => {
  const holder = here.start('lock', 'deploy')
  await holder.says(/deploy/)
  here.start('lock', 'deploy', '--', 'true')
  here.start('barrier', 'start', '--parties', '2')
  for (;;) {
    const { body } = await curl(`${server.url}/_metrics`)
    if (/^rendezvous_queued 2$/m.test(String(body))) break
    await delay(50)
  }
  expect((await activity()).waits).toEqual([])
})
