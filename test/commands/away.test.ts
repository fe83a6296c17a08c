import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { leaseTimes, outageSurvived } from '../../src/recipes/core/lease-time.ts'
import { startProxy } from '../services/proxy.ts'
import { Place, type Running } from './rdv.ts'
import { REMOTE_STORES, type RemoteStore } from './stores.ts'

/** In milliseconds. The store is away for 2 s less than the TTL survives, because machines may be slow. */
const TTL = 15_000
const AWAY = outageSurvived(TTL, { reach: 'network' }) - 2_000

test.concurrent('a store that is away for less than the TTL survives costs nobody what is held', async () => {
  await Promise.all(REMOTE_STORES.map(awayAndBack))
})

/** Meanwhile one proxy refuses connections, and the other lets no data through. */
const awayAndBack = async ({ scheme, start }: RemoteStore): Promise<void> => {
  const store = await start()
  const direct = new Place({ RDV_BACKEND: store.url })
  const proxies = [await startProxy(store), await startProxy(store)] as const
  const holders = await Promise.all(
    proxies.flatMap((proxy, i) => holding(proxy.url(scheme), `n${i}`)),
  )
  proxies[0].refuse()
  proxies[1].pause()
  await sleep(AWAY)
  await proxies[0].accept()
  proxies[1].resume()
  // when this key has expired, every session that was not renewed has expired, too
  await direct.rdv('signal', 'clock', '--expire', `${TTL}ms`)
  await direct.untilGone('clock')
  for (const holder of holders) {
    holder.stdin.end('\n')
    expect({ scheme, ...(await holder.ended) }).toMatchObject({ scheme, code: 0, stdout: 'up\n' })
  }
  await Promise.all(proxies.map((proxy) => proxy.stop()))
  await store.stop()
}

const ECHO = ['--', 'echo', 'up']

const storeAt = (scheme: string): RemoteStore => {
  const store = REMOTE_STORES.find((one) => one.scheme === scheme)
  if (!store) throw new Error(`there is no ${scheme}`)
  return store
}

/** Starts every command that ends COMMAND when its session is lost. */
const holding = (url: string, name: string, ttl = TTL): Promise<Running>[] => {
  const place = new Place({ RDV_BACKEND: url })
  const script = ['--', 'sh', '-c', 'trap "echo asked" TERM; echo up; read x']
  return [
    ['lock', name],
    ['elect', name],
    ['signal', name, '--hold', '--on-loss', 'stop'],
  ].map(async (words) => {
    const holder = place.startWithInput(...words, '--ttl', `${ttl}ms`, ...script)
    await holder.says(/up/)
    return holder
  })
}

test.concurrent.each([
  ['etcd', 8_000],
  ['http', 8_000],
  ['consul', 10_000],
])('a process that hardly ever runs keeps what it holds: %s', async (scheme, ttl) => {
  const store = await storeAt(scheme).start()
  const proxy = await startProxy(store)
  const running = await holding(proxy.url(scheme), 'slow', ttl)[0]
  const slow = running?.pid ?? 0
  // so that every renewal is answered while the process does not run
  proxy.delay(150)
  for (let stopped = 0; stopped < 3 * ttl; stopped += ttl / 4) {
    process.kill(slow, 'SIGSTOP')
    await sleep(ttl / 4)
    process.kill(slow, 'SIGCONT')
    await sleep(ttl / 20)
  }
  running?.stdin.end('\n')
  expect(await running?.ended).toMatchObject({ code: 0, stdout: 'up\n' })
  await proxy.stop()
  await store.stop()
})

test.concurrent.each(['etcd', 'http'])(
  'a TTL that is too short for how the store answers is raised, with a note: %s',
  async (scheme) => {
    const store = await storeAt(scheme).start()
    const proxy = await startProxy(store)
    const place = new Place({ RDV_BACKEND: proxy.url(scheme) })
    proxy.delay(900)
    const { code, stdout, stderr } = await place.rdv(
      'lock',
      'l',
      '--ttl',
      '2s',
      '--timeout',
      '2m',
      ...ECHO,
    )
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'up\n' })
    expect(stderr).toMatch(/^rdv: the TTL is \d+ s: 2 s is too short for this store$/m)
    await proxy.stop()
    await store.stop()
  },
)

describe('the time of a lease', () => {
  test.each([2_000, 15_000, 60_000, 3_600_000])(
    'of %i ms ends for its holder before the store ends it, whenever the last outage began',
    (ttl) => {
      const { interval, grace, margin } = leaseTimes(ttl, { reach: 'network' })
      // half a second for a KILL on a busy machine, and the possible difference of two clocks meanwhile
      expect(margin).toBeGreaterThanOrEqual(Math.min(500, ttl / 10) + ttl * 0.001)
      const latest = interval + outageSurvived(ttl, { reach: 'network' }) + grace
      expect(latest).toBeLessThan(ttl - margin)
    },
  )

  test('of 15 s survives an outage of 10 s', () => {
    expect(outageSurvived(15_000, { reach: 'network' })).toBeGreaterThan(10_000)
  })

  test('of a file spends no write more often than five times', () => {
    expect(leaseTimes(15_000, { reach: 'machine' }).interval).toBe(3_000)
  })
})
