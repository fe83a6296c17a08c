import { readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { onTestFinished } from '../finished.ts'
import { curl } from '../server/curl.ts'
import { answerOf } from '../services/answer.ts'
import { type Balancer, startBalancer } from '../services/balancer.ts'
import type { Service } from '../services/service.ts'
import { besideEach } from '../side-by-side.ts'
import { Place } from './rdv.ts'
import { consul, etcd, startGateway } from './stores.ts'

const WAITS = 60

/** The options from the documentation: a broken request is repeated, and a gateway that is down is passed over. */
const RETRY = ['--retry', '20', '--retry-all-errors', '--retry-delay', '1']

/** The number of connections that the server on a port of this machine has accepted. */
const connectionsTo = (port: number): number => {
  const local = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  const rows = readFileSync('/proc/net/tcp', 'utf8').split('\n').slice(1)
  return rows.filter((row) => {
    const [, address = '', , state] = row.trim().split(/\s+/)
    return address.endsWith(local) && state === '01'
  }).length
}

interface Home {
  readonly waiting_and_failed: readonly string[]
}

besideEach([etcd, consul], 'two gateways in front of one store at $scheme://', (kind) => {
  let store: Service
  let one: Service
  let other: Service
  let balancer: Balancer

  beforeAll(async () => {
    store = await kind.start()
    one = await startGateway(store.url)
    other = await startGateway(store.url)
    balancer = await startBalancer([one, other])
  })
  afterAll(async () => {
    await balancer?.stop()
    for (const service of [one, other, store]) await service?.stop()
  })

  const waitingAt = async (gateway: Service): Promise<readonly string[]> =>
    ((await curl(`${gateway.url}/`)).body as Home).waiting_and_failed

  /** Resolves once the gateways together report `count` waiters. */
  const untilWaiting = async (gateways: readonly Service[], count: number): Promise<void> => {
    for (;;) {
      const paths = await Promise.all(gateways.map(waitingAt))
      if (paths.flat().length === count) return
      await delay(50)
    }
  }

  /** Signals keys of a group directly at a gateway. */
  const signal = async (gateway: Service, group: string, from: number, to: number) => {
    for (let key = from; key < to; key++) {
      expect(await curl('-X', 'PUT', `${gateway.url}/${group}/${key}`)).toMatchObject({
        status: 200,
      })
    }
  }

  test(`one is killed in the middle of ${WAITS} waits by curl --retry: every one ends right`, async () => {
    const base = `${balancer.url('http')}/killed`
    const waits = Array.from({ length: WAITS }, (_, key) =>
      curl(...RETRY, `${base}/${key}?timeout=0`),
    )
    const vain = Array.from({ length: 10 }, (_, key) =>
      curl(...RETRY, `${base}/never/${key}?timeout=5s`),
    )
    await untilWaiting([one, other], WAITS + 10)
    expect((await waitingAt(one)).length).toBeGreaterThan(WAITS / 4)
    await signal(one, 'killed', 0, WAITS / 4)
    await one.kill()
    await signal(other, 'killed', WAITS / 4, WAITS)
    for (const { status, body } of await Promise.all(waits)) {
      expect({ status, body }).toEqual({ status: 200, body: { ok: true } })
    }
    for (const answer of await Promise.all(vain)) {
      expect(answer).toMatchObject({ status: 404, body: { ok: false, error: 'Timeout' } })
    }
    await one.restart()
  })

  test('a lock that is held through them outlives the death of each of them', async () => {
    const place = new Place({ RDV_BACKEND: balancer.url('http') })
    const direct = new Place({ RDV_BACKEND: store.url })
    const untilGo = ['--', 'sh', '-c', 'echo up; rdv wait go --timeout 0 --quiet']
    const lock = place.start('lock', 'l', '--ttl', '10s', ...untilGo)
    const node = place.start('signal', 'node', 'busy', '--hold', '--ttl', '10s', ...untilGo)
    await Promise.all([lock.says(/up/), node.says(/up/)])
    await one.restart()
    await other.restart()
    // when this key has expired, every session that was not renewed has expired, too
    expect(await direct.rdv('signal', 'clock', '--expire', '11s')).toMatchObject({ code: 0 })
    expect(await direct.rdv('lock', 'l', '--try')).toMatchObject({ code: 1 })
    await direct.rdv('wait', 'clock', '--not', '--state', '*', '--timeout', '1m')
    expect(await direct.state('clock')).toBeUndefined()
    expect(await direct.rdv('lock', 'l', '--try')).toMatchObject({ code: 1 })
    expect(await direct.state('node')).toBe('busy')
    await direct.rdv('signal', 'go')
    // on a slow machine it may also report that it tries to reach the store
    expect(await lock.ended).toMatchObject({
      code: 0,
      stderr: expect.not.stringMatching(/lost|again/),
    })
    expect(await node.ended).toMatchObject({ code: 0 })
  })

  if (kind !== etcd) return

  describe('however many wait, the store sees', () => {
    const watchers = async (): Promise<number> => {
      const { body } = await answerOf(store.port, '/metrics')
      return Number(/^etcd_debugging_mvcc_watcher_total (\d+)$/m.exec(body)?.[1])
    }

    /** The number of watches that the gateways need for their own overview, without any waiter. */
    let idle = 0

    beforeAll(async () => {
      await untilWaiting([one], 0)
      idle = await watchers()
    })

    const waiting = async (paths: readonly string[]): Promise<void> => {
      const waits = paths.map((path) => curl(`${one.url}/${path}?timeout=0`))
      onTestFinished(async () => {
        for (const { child } of waits) child.kill('SIGKILL')
        await untilWaiting([one], 0)
      })
      await untilWaiting([one], new Set(paths).size)
      while (connectionsTo(one.port) < paths.length) await delay(50)
    }

    test('no watch more for one key', async () => {
      await waiting(Array<string>(WAITS).fill('crowd'))
      expect(await watchers()).toBe(idle)
    })

    test('no watch more for as many keys', async () => {
      await waiting(Array.from({ length: WAITS }, (_, key) => `many/${key}`))
      expect(await watchers()).toBe(idle)
    })
  })
})
