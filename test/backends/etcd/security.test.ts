import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:tls'
import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import type { Backend, Diagnosable } from '../../../src/backends/backend.ts'
import { openBackend } from '../../../src/backends/open.ts'
import { put } from '../../../src/backends/operations.ts'
import { LeaseGoneError, UnavailableError } from '../../../src/base/errors.ts'
import { failureOf } from '../../failure-of.ts'
import { onTestFinished } from '../../finished.ts'
import { createCertificates } from '../../services/certificates.ts'
import { Follower, pair, text } from '../conformance/harness.ts'
import { etcdctl, startHarness, ways } from './servers.ts'

const user = 'alice'
const password = 'correct-horse'

describe.each(ways)('etcd with authentication over $way', ({ shortLived }) => {
  const clients = pair(() => startHarness({ shortLived: shortLived, auth: { user, password } }))

  test('is open to the user that the environment names', async () => {
    const key = `${clients.prefix()}k`
    const follower = new Follower(clients.b, key)
    await clients.a.commit([], [put(key, 'x')])
    await follower.until(() => follower.state(key) === 'x')
    const lease = await clients.a.grant(15_000)
    expect(await clients.b.renew(lease.id)).toBe(15_000)
    await clients.b.revoke(lease.id)
    await follower.stop()
  })

  test('tells its version to root, and to others that they may not ask', async () => {
    const diagnosisOf = async (name: string) => {
      const env = { ETCDCTL_USER: name, ETCDCTL_PASSWORD: password }
      const client = await openBackend(clients.harness.url, { env, shortLived })
      const diagnosis = await (client as Backend & Diagnosable).diagnose()
      await client.close()
      return diagnosis
    }
    expect((await diagnosisOf('root')).version).toMatch(/^etcd 3\./)
    expect((await diagnosisOf(user)).warnings).toEqual([
      expect.stringContaining('is not permitted'),
    ])
  })

  test('is open to the user of the URL', async () => {
    const { port } = clients.harness.service
    const url = `etcd://${user}:${password}@127.0.0.1:${port}`
    const client = await openBackend(url, { env: {}, shortLived })
    expect(await client.get('rdv/signal/none')).toBeUndefined()
    expect(client.address).toBe(`etcd://127.0.0.1:${port}`)
    await client.close()
  })

  test.each(['get', 'list', 'commit', 'grant', 'watch'] as const)(
    'refuses a %s with a wrong password, for good and without telling the password',
    async (call) => {
      const { url } = clients.harness
      const env = { ETCDCTL_USER: user, ETCDCTL_PASSWORD: 'wrong-secret' }
      const client = await openBackend(url, { env, shortLived })
      const calls = {
        get: () => client.get('k'),
        list: () => client.list('k/'),
        commit: () => client.commit([], [put('k', 'x')]),
        grant: () => client.grant(15_000),
        watch: () => new Follower(client, 'k').ended.then((error) => Promise.reject(error)),
      }
      const error = await failureOf(calls[call]())
      expect(error).toMatchObject({ name: 'UnavailableError', retryable: false })
      expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('wrong-secret')
      await client.close()
      expect(await clients.a.get('k')).toBeUndefined()
    },
  )

  test('refuses those who name no user, for good', async () => {
    const client = await openBackend(clients.harness.url, { env: {}, shortLived })
    for (const call of [() => client.get('k'), () => client.commit([], [put('k', 'x')])]) {
      expect(await failureOf(call())).toMatchObject({ name: 'UnavailableError', retryable: false })
    }
    await client.close()
  })

  test('refuses a user what is not his, for good', async () => {
    const { service, url } = clients.harness
    const root = { ...service, environment: { ETCDCTL_USER: `root:${password}` } }
    await etcdctl(root, 'user', 'add', 'bob:pw')
    await etcdctl(root, 'role', 'add', 'reader')
    await etcdctl(root, 'role', 'grant-permission', 'reader', 'read', 'mine')
    await etcdctl(root, 'user', 'grant-role', 'bob', 'reader')
    const client = await openBackend(url, { env: { ETCDCTL_USER: 'bob:pw' }, shortLived })
    expect(await client.get('mine')).toBeUndefined()
    for (const call of [() => client.get('other'), () => new Follower(client, 'other').ended]) {
      const error = await call().catch((failure) => failure)
      expect(error).toMatchObject({ name: 'UnavailableError', retryable: false })
    }
    await client.close()
  })

  test('is gone on with after it has forgotten who we are', async () => {
    const key = `${clients.prefix()}k`
    const { service } = clients.harness
    const client = await clients.harness.connect()
    await client.commit([], [put(key, '1')])
    const { id } = await client.grant(15_000)
    const follower = new Follower(client, key)
    await follower.until((known) => known.size === 1)
    const root = { ...service, environment: { ETCDCTL_USER: `root:${password}` } }
    // every change of users invalidates the earlier tokens
    await etcdctl(root, 'user', 'add', 'carol:pw')
    expect(await client.renew(id)).toBe(15_000)
    await etcdctl(root, 'user', 'add', 'dave:pw')
    expect((await client.commit([], [put(key, '2')])).outcome).toBe('ok')
    await follower.until(() => follower.state(key) === '2')
    await service.restart()
    await follower.until((_, events) =>
      events.some((event) => event.kind === 'snapshot' && event.reset),
    )
    expect((await client.commit([], [put(key, '3')])).outcome).toBe('ok')
    await follower.until(() => follower.state(key) === '3')
    await follower.stop()
    await client.close()
  })

  test('is gone on with after it was emptied, where it never answers to what it had called us', async () => {
    const harness = await startHarness({ shortLived: shortLived, auth: { user, password } })
    const early = await harness.connect()
    for (let i = 0; i < 50; i++) await early.commit([], [put('k', String(i))])
    const client = await harness.connect({ callLimit: 4_000 })
    const { id } = await client.grant(15_000)
    await harness.service.restart({ empty: true })
    const renewed = async (): Promise<unknown> => {
      const failure = await failureOf(client.renew(id))
      return failure instanceof UnavailableError && failure.retryable ? renewed() : failure
    }
    expect(await renewed()).toBeInstanceOf(LeaseGoneError)
    expect((await client.commit([], [put('k', 'x')])).outcome).toBe('ok')
    await Promise.all([early.close(), client.close()])
    await harness.stop()
  })
})

describe.each(ways)(
  'a user and password for an etcd that asks for none, over $way',
  ({ shortLived }) => {
    const clients = pair(() => startHarness({ shortLived: shortLived }))

    test('do no harm', async () => {
      const env = { ETCDCTL_USER: 'u', ETCDCTL_PASSWORD: 'p' }
      const client = await openBackend(clients.harness.url, { env, shortLived })
      expect((await client.commit([], [put('k', 'x')])).outcome).toBe('ok')
      await client.close()
    })
  },
)

describe.each([
  { old: false, shortLived: false },
  { old: true, shortLived: false },
  { old: false, shortLived: true },
  { old: true, shortLived: true },
])('etcd with TLS (3.4: $old, shortLived: $shortLived)', ({ old, shortLived }) => {
  const clients = pair(async () =>
    startHarness({
      tls: await createCertificates(),
      verifyClients: true,
      old,
      shortLived: shortLived,
    }),
  )

  test('is open to those with a certificate', async () => {
    const key = `${clients.prefix()}k`
    await clients.a.commit([], [put(key, 'x')])
    expect(text(await clients.b.get(key))).toBe('x')
  })

  test('is out of reach for those without', async () => {
    const { ETCDCTL_CACERT } = clients.harness.service.environment
    for (const env of [{ ETCDCTL_CACERT }, {}]) {
      const client = await openBackend(clients.harness.url, { env, shortLived, callLimit: 1_500 })
      expect(await failureOf(client.get('k'))).toMatchObject({ name: 'UnavailableError' })
      await client.close()
    }
  })

  test('is not tried again by those who do not know its certificate authority', async () => {
    const { url } = clients.harness
    const client = await openBackend(url, { env: {}, shortLived, callLimit: 20_000 })
    const final = { name: 'UnavailableError', retryable: false }
    expect(await failureOf(client.get('k'))).toMatchObject(final)
    expect(await new Follower(client, 'k').ended).toMatchObject(final)
    await client.close()
  })

  test('is out of reach for those who do not speak TLS', async () => {
    const { port } = clients.harness.service
    const client = await openBackend(`etcd://127.0.0.1:${port}`, {
      env: {},
      shortLived,
      callLimit: 1_500,
    })
    expect(await failureOf(client.get('k'))).toMatchObject({ name: 'UnavailableError' })
    await client.close()
  })

  test('carries more watches than it allows streams', async () => {
    const prefix = clients.prefix()
    const keys = Array.from({ length: 400 }, (_, i) => `${prefix}${i}`)
    const followers = keys.map((key) => new Follower(clients.b, key))
    await Promise.all(followers.map((one) => one.until((_, events) => events.length > 0)))
    // one after the other, because a slow machine would not answer all of them within the limit of a call
    for (const key of keys) await clients.a.commit([], [put(key, 'x')])
    await Promise.all(followers.map((one) => one.until((known) => known.size === 1)))
    expect(await clients.b.get(`${prefix}0`)).toBeDefined()
    await Promise.all(followers.map((one) => one.stop()))
  })
})

describe.each(ways)('a certificate for another address, over $way', ({ shortLived }) => {
  test('is no reason to say a word to who has it', async () => {
    const files = await createCertificates('127.0.0.2')
    const [cert, key] = [files.cert, files.key].map((file) => readFileSync(file))
    const said: Buffer[] = []
    const server = createServer({ cert, key, ALPNProtocols: ['h2', 'http/1.1'] }, (socket) =>
      socket.on('error', () => {}).on('data', (data) => said.push(data)),
    )
    onTestFinished(() => void server.close())
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const { port } = server.address() as AddressInfo
    const env = { ETCDCTL_CACERT: files.ca }
    const client = await openBackend(`etcds://127.0.0.1:${port}`, {
      env,
      shortLived,
      callLimit: 5_000,
    })
    const error = await failureOf(client.get('k'))
    await client.close()
    expect(error).toMatchObject({
      name: 'UnavailableError',
      retryable: false,
      message: expect.stringContaining('certificate is for another name'),
    })
    expect(said).toEqual([])
  })
})

describe('etcd with TLS, and a password, over its JSON gateway', () => {
  const clients = pair(async () =>
    startHarness({ tls: await createCertificates(), auth: { user, password }, shortLived: true }),
  )

  test('is open to the user', async () => {
    const key = `${clients.prefix()}k`
    const follower = new Follower(clients.b, key)
    await clients.a.commit([], [put(key, 'x')])
    await follower.until(() => follower.state(key) === 'x')
    expect(text(await clients.b.get(key))).toBe('x')
    await follower.stop()
  })
})
