import { afterAll, beforeAll, expect, test } from 'vitest'
import { openBackend } from '../../src/backends/open.ts'
import { present } from '../backends/conformance/harness.ts'
import { request } from '../backends/consul/native.ts'
import { Place, type Running } from '../commands/rdv.ts'
import { startGateway } from '../commands/stores.ts'
import { onTestFinished } from '../finished.ts'
import { startConsul } from '../services/consul.ts'
import { startEtcd } from '../services/etcd.ts'
import { startProxy } from '../services/proxy.ts'
import type { Service } from '../services/service.ts'
import { besideEach } from '../side-by-side.ts'
import { consul, etcdctl } from './native.ts'
import { waitingAt } from './waiting-at.ts'

/** A store, and a gateway in front of it. rdv reaches the store by either of them. */
const both = (start: () => Promise<Service>) => {
  const running: { store?: Service; gateway?: Service } = {}
  beforeAll(async () => {
    running.store = await start()
    running.gateway = await startGateway(running.store.url)
  })
  afterAll(async () => {
    await running.gateway?.stop()
    await running.store?.stop()
  })
  return {
    get store() {
      return present(running.store)
    },
    place: (by: string) =>
      new Place({ RDV_BACKEND: by === 'gateway' ? running.gateway?.url : running.store?.url }),
    /** A place as by `place`, with a proxy in front of the store that counts the requests of rdv or of its gateway. */
    async watchedPlace(by: string) {
      const store = present(running.store)
      const proxy = await startProxy(store)
      onTestFinished(() => proxy.stop())
      const behind = proxy.url(present(store.url.split(':')[0]))
      const gateway = by === 'gateway' ? await startGateway(behind) : undefined
      onTestFinished(() => gateway?.stop())
      return { proxy, place: new Place({ RDV_BACKEND: gateway?.url ?? behind }) }
    },
  }
}

const hold = ['--', 'sh', '-c', 'echo "token $RDV_FENCING_TOKEN"; while :; do sleep 0.05; done']

const tokenOf = async (running: Running): Promise<number> =>
  Number((await running.says(/token (\d+)/))[1])

const end = async (running: Running): Promise<void> => {
  running.kill('SIGTERM')
  await running.ended
}

const WAYS = [{ by: 'directly' }, { by: 'gateway' }]

besideEach(WAYS, 'on etcd, rdv $by', ({ by }) => {
  const servers = both(startEtcd)

  test('etcdctl lock waits for rdv lock, and rdv lock for etcdctl lock', async () => {
    const place = servers.place(by)
    const first = place.start('lock', 'l', ...hold)
    const token = await tokenOf(first)
    const foreign = etcdctl(servers.store, 'lock', 'rdv/lock/l')
    await waitingAt(servers.store, 'rdv/lock/l/', 2)
    const second = place.start('lock', 'l', ...hold)
    await waitingAt(servers.store, 'rdv/lock/l/', 3)
    await end(first)
    await foreign.says(/rdv\/lock\/l\/[0-9a-f]+\n/)
    expect(await place.rdv('lock', 'l', '--try', '--', 'true')).toMatchObject({ code: 1 })
    expect(await place.rdv('lock', 'l', '--slots', '2', '--', 'true')).toMatchObject({ code: 123 })
    foreign.kill('SIGINT')
    expect(await tokenOf(second)).toBeGreaterThan(token)
    await end(second)
  })

  test('etcdctl elect and rdv elect succeed each other, and see each other', async () => {
    const place = servers.place(by)
    const listening = etcdctl(servers.store, 'elect', '--listen', 'rdv/election/e')
    const first = place.start('elect', 'e', '--id', 'ours')
    const [, token] = await first.says(/^ours (\d+)\n/)
    await listening.says(/rdv\/election\/e\/\S+\nours\n/)
    const foreign = etcdctl(servers.store, 'elect', 'rdv/election/e', 'theirs')
    await waitingAt(servers.store, 'rdv/election/e/', 2)
    const second = place.start('elect', 'e', '--id', 'ours again')
    await waitingAt(servers.store, 'rdv/election/e/', 3)
    const watching = place.start('leader', 'e', '--watch')
    await watching.says(/^ours\n/)
    await end(first)
    await foreign.says(/theirs/)
    await watching.says(/^ours\n\n?theirs\n/)
    await listening.says(/theirs\n/)
    expect(await place.rdv('leader', 'e')).toMatchObject({ code: 0, stdout: 'theirs\n' })
    foreign.kill('SIGINT')
    const [, newer] = await second.says(/^ours again (\d+)\n/)
    expect(Number(newer)).toBeGreaterThan(Number(token))
    await listening.says(/ours again\n/)
    await end(second)
  })
})

besideEach(WAYS, 'on Consul, rdv $by', ({ by }) => {
  const servers = both(startConsul)

  /** A command that does not keep the output open. */
  const held = 'echo in; exec sleep 60 >/dev/null 2>&1'

  test('consul lock waits for rdv lock, and rdv lock for consul lock', async () => {
    const place = servers.place(by)
    const first = place.start('lock', 'l', ...hold)
    const token = await tokenOf(first)
    const once = consul(servers.store, 'lock', '-try=1s', 'rdv/lock/l', held)
    expect(await once.ended).toMatchObject({ code: 1 })
    const foreign = consul(servers.store, 'lock', 'rdv/lock/l', held)
    await end(first)
    await foreign.says(/in\n/)
    expect(await place.rdv('lock', 'l', '--try', '--', 'true')).toMatchObject({ code: 1 })
    expect(await place.rdv('lock', 'l', '--slots', '2', '--', 'true')).toMatchObject({ code: 123 })
    const second = place.start('lock', 'l', ...hold)
    await waitingAt(servers.store, 'rdv/lock/l/', 1)
    await end(foreign)
    expect(await tokenOf(second)).toBeGreaterThan(token)
    await end(second)
    expect((await consul(servers.store, 'kv', 'get', '-recurse', 'rdv/lock/').ended).stdout).toBe(
      '',
    )
  })

  test('consul lock -n and rdv lock --slots share the slots', async () => {
    const place = servers.place(by)
    const ours = [
      place.start('lock', 's', '--slots', '3', ...hold),
      place.start('lock', 's', '--slots', '3', ...hold),
    ]
    const tokens = await Promise.all(ours.map(tokenOf))
    expect(new Set(tokens).size).toBe(2)
    const foreign = consul(servers.store, 'lock', '-n=3', 'rdv/lock/s', held)
    await foreign.says(/in\n/)
    const value = await consul(servers.store, 'kv', 'get', 'rdv/lock/s/.lock').ended
    expect(JSON.parse(value.stdout)).toMatchObject({ Limit: 3 })
    expect(Object.keys(JSON.parse(value.stdout).Holders)).toHaveLength(3)
    expect(await place.rdv('lock', 's', '--slots', '3', '--try', '--', 'true')).toMatchObject({
      code: 1,
    })
    expect(await place.rdv('lock', 's', '--slots', '2', '--', 'true')).toMatchObject({ code: 123 })
    expect(await place.rdv('lock', 's', '--', 'true')).toMatchObject({ code: 123 })
    for (const limit of ['-n=2', '-n=1']) {
      const refused = await consul(servers.store, 'lock', limit, 'rdv/lock/s', held).ended
      expect(refused).toMatchObject({ code: 1, stdout: '' })
    }
    const fourth = place.start('lock', 's', '--slots', '3', ...hold)
    await waitingAt(servers.store, 'rdv/lock/s/', 3, 'ours')
    await end(foreign)
    expect(await tokenOf(fourth)).toBeGreaterThan(Math.max(...tokens))
    const fifth = consul(servers.store, 'lock', '-n=3', 'rdv/lock/s', held)
    await end(present(ours[0]))
    await fifth.says(/in\n/)
    for (const running of [fifth, fourth, present(ours[1])]) await end(running)
  })

  test('a semaphore’s holder that was killed does not keep its slot', async () => {
    const place = servers.place(by)
    const first = place.start('lock', 'k', '--slots', '2', '--ttl', '10s', ...hold)
    await tokenOf(first)
    const foreign = consul(servers.store, 'lock', '-n=2', 'rdv/lock/k', held)
    await foreign.says(/in\n/)
    const waiting = place.start('lock', 'k', '--slots', '2', ...hold)
    await waitingAt(servers.store, 'rdv/lock/k/', 2, 'ours')
    first.kill('SIGKILL')
    expect(await tokenOf(waiting)).toBeGreaterThan(0)
    await end(waiting)
    await end(foreign)
  })

  test('while Consul’s lock-delay lasts rdv lock waits, and asks twice a second at the most', async () => {
    const { place, proxy } = await servers.watchedPlace(by)
    const foreign = consul(servers.store, 'lock', 'rdv/lock/d', held)
    await foreign.says(/in\n/)
    const [lock] = await request<{ Session: string }[]>(
      servers.store,
      'GET',
      '/kv/rdv/lock/d/.lock',
    )
    await request(servers.store, 'PUT', `/session/destroy/${lock?.Session}`)
    expect(await place.rdv('lock', 'd', '--try', '--', 'true')).toMatchObject({ code: 1 })
    const started = performance.now()
    const before = proxy.received
    const waiting = place.start('lock', 'd', ...hold)
    await tokenOf(waiting)
    const seconds = (performance.now() - started) / 1_000
    const requests = proxy.received - before
    expect(seconds).toBeGreaterThan(5)
    // a claim costs about a dozen requests: there are a few quick ones, then at most two claims a second
    expect(requests).toBeLessThan(100 + 30 * seconds)
    await end(waiting)
  })

  test('the .lock key taken away while rdv holds it, COMMAND is killed, 121', async () => {
    const place = servers.place(by)
    for (const slots of ['1', '2']) {
      const holder = place.start('lock', 't', '--slots', slots, '--ttl', '1m', ...hold)
      await tokenOf(holder)
      await request(servers.store, 'DELETE', '/kv/rdv/lock/t/.lock')
      expect(await holder.ended).toMatchObject({ code: 121 })
    }
  })

  test('a .lock key that is no lock is a conflict', async () => {
    const place = servers.place(by)
    const backend = await openBackend(servers.store.url, { env: {} })
    await backend.commit([], [{ kind: 'put', key: 'rdv/lock/x/.lock', value: Buffer.from('mine') }])
    for (const slots of ['1', '2']) {
      const ended = await place.rdv('lock', 'x', '--slots', slots, '--', 'true')
      expect(ended).toMatchObject({ code: 123 })
    }
    await backend.close()
  })
})
