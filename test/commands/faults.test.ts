import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { open } from '../../src/open.ts'
import type { Space } from '../../src/recipes/space.ts'
import { Follower, text } from '../backends/conformance/harness.ts'
import { startConsul } from '../services/consul.ts'
import { startEtcd } from '../services/etcd.ts'
import { freePorts } from '../services/ports.ts'
import { startProxy, type TcpProxy } from '../services/proxy.ts'
import type { Service } from '../services/service.ts'
import { type Ended, lines, Place, type Running } from './rdv.ts'
import { REMOTE_STORES } from './stores.ts'

/** Milliseconds by which a command may end after its deadline. */
const LATE = 1_000

/** Runs rdv, and tells how long (milliseconds) that took beyond what starting and ending a process takes here. */
const timed = async (place: Place, ...argv: string[]): Promise<Ended & { took: number }> => {
  const before = performance.now()
  await place.rdv('wait', 'exec:true')
  const started = performance.now()
  const ended = await place.rdv(...argv)
  return { ...ended, took: performance.now() - started - (started - before) }
}

const COMMANDS: readonly string[][] = [
  ['wait', 'k'],
  ['wait', 'k', '--once'],
  ['wait', 'g/', '--not'],
  ['get', 'k'],
  ['signal', 'k'],
  ['signal', 'k', '--expire', '1m'],
  ['signal', 'k', '--hold'],
  ['signal', 'k', '--hold', '--', 'echo', 'ran'],
  ['clear', 'k'],
  ['list'],
  ['doctor'],
]

describe.each(['http', 'etcd', 'consul'])('where nothing listens, %s://', (scheme) => {
  test.concurrent.each(COMMANDS)('rdv %s %s %s %s %s is 120 at the deadline', async (...argv) => {
    const [port] = await freePorts(1)
    const host = `127.0.0.1:${port}`
    const login = scheme === 'etcd' ? 'u:hunter2@' : ''
    const place = new Place({ RDV_BACKEND: `${scheme}://${login}${host}`, RDV_TOKEN: 'hunter2' })
    const timeout = ['--timeout', '1s', '--quiet']
    const [own, command] = [argv.filter(Boolean), [] as string[]]
    if (own.includes('--')) command.push(...own.splice(own.indexOf('--')))
    const { code, stdout, stderr, took } = await timed(place, ...own, ...timeout, ...command)
    expect({ code, stdout }).toEqual({ code: 120, stdout: '' })
    expect(stderr).toContain(host)
    expect(stderr).not.toContain('hunter2')
    expect(lines(stderr)).toHaveLength(1)
    expect(took).toBeLessThan(1_000 + LATE)
  })

  test('a wait goes on until something does', async () => {
    const kind = REMOTE_STORES.find((store) => store.scheme === scheme)
    const store = await kind?.start()
    if (!store) throw new Error('there is no such store')
    const proxy = await startProxy(store)
    try {
      const url = store.url.replace(/:\d+$/, `:${proxy.port}`)
      const place = new Place({ RDV_BACKEND: url })
      proxy.refuse()
      const waiting = place.start('wait', 'k', '--timeout', '1m', '--', 'echo', 'ran')
      await waiting.says(/waiting for k/)
      await new Place({ RDV_BACKEND: store.url }).rdv('signal', 'k')
      await proxy.accept()
      expect(await waiting.ended).toMatchObject({ code: 0, stdout: 'ran\n' })
    } finally {
      await proxy.stop()
      await store.stop()
    }
  })
})

describe.each(REMOTE_STORES)('$scheme://', ({ scheme, start }) => {
  let store: Service
  let proxy: TcpProxy
  /** Straight to the store, and through the proxy. */
  let direct: Place
  let remote: Place

  beforeAll(async () => {
    store = await start()
    proxy = await startProxy(store)
    direct = new Place({ RDV_BACKEND: store.url })
    remote = new Place({ RDV_BACKEND: store.url.replace(/:\d+$/, `:${proxy.port}`) })
  })
  afterAll(async () => {
    await proxy.stop()
    await store.stop()
  })

  test('a wait goes on across a store that is killed and started again', async () => {
    const key = 'restarted'
    const waiting = direct.start('wait', key, `${key}-group/`, '--timeout', '1m')
    await waiting.says(/waiting for restarted \(not signalled\), restarted-group/)
    await direct.rdv('signal', `${key}-group/1`)
    await waiting.says(/waiting for restarted \(not signalled\)\n/)
    await store.restart()
    expect(await direct.rdv('signal', key, '--timeout', '30s')).toMatchObject({ code: 0 })
    expect(await waiting.ended).toMatchObject({ code: 0 })
  })

  test('a wait is woken by what was signalled while its connection was cut', async () => {
    const waiting = remote.start('wait', 'cut', '--timeout', '1m')
    await waiting.says(/waiting for cut \(not signalled\)/)
    proxy.refuse()
    await direct.rdv('signal', 'cut')
    await proxy.accept()
    expect(await waiting.ended).toMatchObject({ code: 0 })
  })

  test('a wait whose store is frozen ends with 120, within a second of the deadline', async () => {
    const waiting = direct.start('wait', 'frozen', '--timeout', '4s')
    await waiting.says(/waiting for frozen/)
    store.freeze()
    const started = performance.now()
    try {
      const { code, stderr } = await waiting.ended
      expect(code).toBe(120)
      expect(lines(stderr).at(-1)).toMatch(/does not answer/)
      expect(performance.now() - started).toBeLessThan(4_000 + LATE)
    } finally {
      store.thaw()
    }
  })

  test.each([
    ['get', 'k'],
    ['wait', 'k'],
    ['wait', 'k', '--once'],
    ['list'],
    ['doctor'],
    ['signal', 'k', '--hold'],
  ])('of a frozen store rdv %s %s %s is 120, within a second of the deadline', async (...argv) => {
    store.freeze()
    try {
      const own = argv.filter(Boolean)
      const { code, stdout, took } = await timed(direct, ...own, '--timeout', '1s', '--quiet')
      expect({ code, stdout }).toEqual({ code: 120, stdout: '' })
      expect(took).toBeLessThan(1_000 + LATE)
    } finally {
      store.thaw()
    }
  })

  test('a write that was sent and never answered is 122, within a second of the deadline', async () => {
    await direct.rdv('signal', 'sent', 'before')
    const observer = await Observer.of(store, 'sent')
    await observer.until('before')
    // the reply is still on its way when the write is seen
    proxy.delay(300)
    try {
      const started = performance.now()
      const writing = remote.start('signal', 'sent', 'after', '--timeout', '6s')
      await observer.until('after')
      proxy.refuse()
      const { code, stdout, stderr } = await writing.ended
      expect({ code, stdout }).toEqual({ code: 122, stdout: '' })
      expect(lines(stderr)).toHaveLength(1)
      expect(performance.now() - started).toBeLessThan(6_000 + 2 * LATE)
    } finally {
      proxy.delay(0)
      await proxy.accept()
      await observer.stop()
    }
  })

  test('a write whose answer is lost is looked up, and not made again', async () => {
    const observer = await Observer.of(store, 'lookedup')
    proxy.delay(100)
    try {
      const writing = remote.start('signal', 'lookedup', 'once', '--timeout', '30s')
      await observer.until('once')
      proxy.cut()
      proxy.delay(0)
      expect(await writing.ended).toMatchObject({ code: 0, stderr: '' })
      expect(observer.writes).toBe(1)
    } finally {
      proxy.delay(0)
      await observer.stop()
    }
  })

  const lastWill = ['--on-success', 'done', '--timeout', '2s']
  const until = "trap 'exit 0' TERM; echo up; while :; do sleep 0.05; done"

  test('a last state that cannot be set is 120, within a second of the deadline', async () => {
    const argv = ['signal', 'held', 'busy', '--hold', ...lastWill, '--', 'sh', '-c', until]
    const holder = remote.start(...argv)
    await holder.says(/up/)
    proxy.refuse()
    await endsAtDeadline(holder)
  })

  test('nor does it wait for ever to join again', async () => {
    const argv = [
      'signal',
      'lost',
      'busy',
      '--hold',
      '--ttl',
      '1s',
      ...lastWill,
      '--',
      'sh',
      '-c',
      until,
    ]
    const holder = remote.start(...argv)
    await holder.says(/up/)
    proxy.refuse()
    await holder.says(/joining again/)
    await endsAtDeadline(holder)
  })

  const endsAtDeadline = async (holder: Running): Promise<void> => {
    try {
      const started = performance.now()
      holder.kill('SIGTERM')
      expect(await holder.ended).toMatchObject({ code: 120 })
      expect(performance.now() - started).toBeLessThan(2_000 + 2 * LATE)
    } finally {
      await proxy.accept()
    }
  }

  test(`${scheme}: keys of a holder that is killed go within its TTL`, async () => {
    const holder = direct.start('signal', 'killed', '--hold', '--ttl', '1s', '--', 'sleep', '300')
    await direct.until('killed')
    holder.kill('SIGKILL')
    const gone = await direct.rdv('wait', 'killed', '--not', '--state', '*', '--timeout', '45s')
    expect(gone).toMatchObject({ code: 0 })
  })
})

/** Sees what becomes of a key as soon as the store does. */
class Observer {
  readonly #space: Space
  readonly #follower: Follower

  private constructor(space: Space, key: string) {
    this.#space = space
    this.#follower = new Follower(space.backend, `rdv/signal/${key}`)
  }

  static async of(store: Service, key: string): Promise<Observer> {
    const observer = new Observer(await open(store.url, { env: {} }), key)
    await observer.#follower.until((_, events) => events.length > 0)
    return observer
  }

  until(state: string): Promise<void> {
    return this.#follower.until((known) =>
      [...known.values()].some((entry) => text(entry) === state),
    )
  }

  /** How often the key was seen to be written. */
  get writes(): number {
    return this.#follower.events.filter(({ kind }) => kind === 'changes').length
  }

  async stop(): Promise<void> {
    await this.#follower.stop()
    await this.#space.backend.close()
  }
}

describe('who may not', () => {
  test('is told 120 at once: a wrong password of etcd', async () => {
    const store = await startEtcd({ auth: { user: 'alice', password: 'right' } })
    try {
      const wrong = { ETCDCTL_USER: 'alice', ETCDCTL_PASSWORD: 'hunter2' }
      const place = new Place({ RDV_BACKEND: store.url, ...wrong })
      await refusesAll(place)
      expect(
        await new Place({ RDV_BACKEND: store.url, ...store.environment }).rdv('signal', 'k'),
      ).toMatchObject({ code: 0 })
    } finally {
      await store.stop()
    }
  })

  test('is told 120 at once: a wrong token of Consul', async () => {
    const store = await startConsul({ aclToken: 'b1d5a33c-0a3c-4d63-9a0c-6f2e1c6f7a11' })
    try {
      const wrong = { CONSUL_HTTP_TOKEN: '00000000-dead-4d63-9a0c-hunter200000' }
      await refusesAll(new Place({ RDV_BACKEND: store.url, ...wrong }))
      expect(
        await new Place({ RDV_BACKEND: store.url, ...store.environment }).rdv('signal', 'k'),
      ).toMatchObject({ code: 0 })
    } finally {
      await store.stop()
    }
  })

  const refusesAll = async (place: Place): Promise<void> => {
    for (const argv of [
      ['get', 'k'],
      ['signal', 'k'],
      ['wait', 'k'],
      ['signal', 'k', '--hold'],
    ]) {
      const { code, stdout, stderr, took } = await timed(place, ...argv, '--timeout', '20s')
      expect({ argv, code, stdout }).toEqual({ argv, code: 120, stdout: '' })
      expect(stderr).not.toContain('hunter2')
      expect(took).toBeLessThan(10_000)
    }
  }
})
