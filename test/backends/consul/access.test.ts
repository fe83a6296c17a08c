import { randomUUID } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Backend } from '../../../src/backends/backend.ts'
import { open } from '../../../src/backends/consul/index.ts'
import { put, putHeld } from '../../../src/backends/operations.ts'
import { UnavailableError, UsageError } from '../../../src/base/errors.ts'
import { createCertificates, type TlsFiles } from '../../services/certificates.ts'
import { startConsul } from '../../services/consul.ts'
import type { Service } from '../../services/service.ts'
import { temporaryFolder } from '../../services/watchdog.ts'
import { Follower, text } from '../conformance/harness.ts'
import { request } from './native.ts'

const KEY = 'rdv/signal/k'

/** One call of each kind. */
const everyCall = (client: Backend): Promise<unknown>[] => [
  client.get(KEY),
  client.list('rdv/signal/'),
  client.list('rdv/signal/none/'),
  client.commit([], [put(KEY, 'x')]),
  client.grant(15_000),
  new Follower(client, 'rdv/signal/').ended.then((error) => Promise.reject(error)),
]

const expectRefused = async (client: Backend, secret: string): Promise<void> => {
  for (const outcome of await Promise.allSettled(everyCall(client))) {
    const reason = outcome.status === 'rejected' ? outcome.reason : undefined
    expect(reason).toBeInstanceOf(UnavailableError)
    expect(reason).toMatchObject({ retryable: false })
    expect(inspect(reason, { depth: 20, showHidden: true })).not.toContain(secret)
  }
  await client.close()
}

describe('access to Consul with tokens', () => {
  const token = randomUUID()
  let service: Service

  beforeAll(async () => {
    service = await startConsul({ aclToken: token })
  })
  afterAll(() => service.stop())

  const limited = async (rules: string): Promise<string> => {
    const name = `policy-${randomUUID()}`
    await request(service, 'PUT', '/acl/policy', { token, body: { Name: name, Rules: rules } })
    const { SecretID } = await request<{ SecretID: string }>(service, 'PUT', '/acl/token', {
      token,
      body: { Policies: [{ Name: name }] },
    })
    return SecretID
  }

  test('the token is taken from the environment', async () => {
    const client = await open(service.url, { env: { CONSUL_HTTP_TOKEN: token } })
    await client.commit([], [put(KEY, 'ready')])
    expect(text(await client.get(KEY))).toBe('ready')
    expect(inspect(client, { depth: 20, showHidden: true })).not.toContain(token)
    await client.close()
  })

  test('or from a file, which wins', async () => {
    const file = join(temporaryFolder('token'), 'token')
    writeFileSync(file, `${token}\n`)
    const env = { CONSUL_HTTP_TOKEN: 'wrong', CONSUL_HTTP_TOKEN_FILE: file }
    const client = await open(service.url, { env })
    expect((await client.list('rdv/')).revision).toBeGreaterThan(0)
    await client.close()
  })

  test('a file that is not there is a usage error', async () => {
    const env = { CONSUL_HTTP_TOKEN_FILE: join(temporaryFolder('token'), 'missing') }
    await expect(open(service.url, { env })).rejects.toThrow(UsageError)
  })

  test('without a token every call is refused for good, also a list', async () => {
    await expectRefused(await open(service.url, { env: {} }), token)
  })

  test('with a wrong token every call is refused for good, and the token is not told', async () => {
    const wrong = randomUUID()
    await expectRefused(await open(service.url, { env: { CONSUL_HTTP_TOKEN: wrong } }), wrong)
  })

  test('a token that may only read reads, and its commits are refused for good', async () => {
    const reader = await limited(
      'key_prefix "rdv/" { policy = "read" } session_prefix "" { policy = "write" }',
    )
    const client = await open(service.url, { env: { CONSUL_HTTP_TOKEN: reader } })
    expect((await client.list('rdv/none/')).entries).toEqual([])
    const { id } = await client.grant(15_000)
    for (const write of [put('rdv/signal/new', 'x'), putHeld('rdv/signal/new', 'x', id)]) {
      await expect(client.commit([], [write])).rejects.toMatchObject({
        kind: 'unavailable',
        retryable: false,
        message: expect.stringContaining('key:write on rdv/signal/new'),
      })
    }
    expect(await client.get('rdv/signal/new')).toBeUndefined()
    await client.close()
  })

  test('a token that may make no sessions is told what it needs', async () => {
    const writer = await limited('key_prefix "rdv/" { policy = "write" }')
    const client = await open(service.url, { env: { CONSUL_HTTP_TOKEN: writer } })
    await expect(client.grant(15_000)).rejects.toThrow('session:write')
    await expect(client.get('other/k')).rejects.toThrow('key:read on other/k')
    await client.close()
  })

  test('a token that may do what is needed below the namespace is enough, for doctor too', async () => {
    const enough = await limited(
      'key_prefix "rdv/" { policy = "write" } session_prefix "" { policy = "write" }',
    )
    const client = await open(service.url, { env: { CONSUL_HTTP_TOKEN: enough } })
    const { id } = await client.grant(15_000)
    const bound = await client.commit([], [putHeld('rdv/signal/held', 'x', id)])
    expect(bound.outcome).toBe('ok')
    await client.renew(id)
    await client.revoke(id)
    expect(await client.get('rdv/signal/held')).toBeUndefined()
    expect(await client.diagnose()).toMatchObject({ warnings: [] })
    await client.close()
  })
})

describe('access to Consul with TLS', () => {
  let files: TlsFiles
  let service: Service

  beforeAll(async () => {
    files = await createCertificates()
    service = await startConsul({ tls: files, verifyClients: true })
  })
  afterAll(() => service.stop())

  const call = async (env: NodeJS.ProcessEnv, url = service.url) => {
    const client = await open(url, { env })
    try {
      return await client.commit([], [put(KEY, 'x')])
    } finally {
      await client.close()
    }
  }

  test('the certificates are taken from the environment', async () => {
    expect(await call(service.environment)).toMatchObject({ outcome: 'ok' })
  })

  test('an authority that is not known is refused for good', async () => {
    const { CONSUL_CACERT: _, ...env } = service.environment
    await expect(call(env)).rejects.toMatchObject({ kind: 'unavailable', retryable: false })
  })

  test('unless verification is turned off', async () => {
    const { CONSUL_CACERT: _, ...env } = service.environment
    const trusting = { ...env, CONSUL_HTTP_SSL_VERIFY: 'false' }
    expect(await call(trusting)).toMatchObject({ outcome: 'ok' })
    await expect(call({ ...env, CONSUL_HTTP_SSL_VERIFY: 'maybe' })).rejects.toThrow(UsageError)
  })

  test('without a client certificate nothing is written', async () => {
    await expect(call({ CONSUL_CACERT: files.ca })).rejects.toThrow(UnavailableError)
  })

  test('a URL without TLS is a usage error', async () => {
    const plain = call({}, service.url.replace('consuls:', 'consul:'))
    await expect(plain).rejects.toThrow(UsageError)
  })
})

describe('a Consul URL', () => {
  test.each([
    ['consul://agent', 'consul://agent:8500'],
    ['consul://agent:1234/', 'consul://agent:1234'],
    ['consuls://agent', 'consuls://agent:8501'],
    ['consul://[::1]:8500', 'consul://[::1]:8500'],
    ['consul://agent?dc=west&ns=team', 'consul://agent:8500?dc=west&ns=team'],
  ])('%s is opened without asking the store', async (url, address) => {
    const client = await open(url, { env: {} })
    expect(client.address).toBe(address)
    await client.close()
  })

  test.each([
    'consul:',
    'consul://',
    'consul:///path',
    'consul://agent/v1',
    'consul://agent:8500?token=x',
    'consul://agent:8500?partition=x',
    'consul://agent:8500?dc=',
    'consul://agent:8500?dc=x#y',
    'consul://agent:port',
    'consul://user:secret@agent',
  ])('%s is a usage error', async (url) => {
    const error = await open(url, { env: {} }).catch((reason) => reason)
    expect(error).toBeInstanceOf(UsageError)
    expect(inspect(error)).not.toContain('secret')
  })
})

describe('a Consul with datacenters and namespaces', () => {
  let service: Service

  beforeAll(async () => {
    service = await startConsul()
  })
  afterAll(() => service.stop())

  const written = async (search: string, env: NodeJS.ProcessEnv = {}) => {
    const client = await open(service.url + search, { env })
    try {
      return await client.commit([], [put(KEY, 'x')])
    } finally {
      await client.close()
    }
  }

  test('its own datacenter is found by name, and another one is not mistaken for it', async () => {
    expect(await written('?dc=dc1')).toMatchObject({ outcome: 'ok' })
    await expect(written('?dc=elsewhere')).rejects.toMatchObject({
      kind: 'unavailable',
      message: expect.stringContaining('elsewhere'),
    })
  })

  // The Consul of the tests is not the Enterprise version, and its error says so.
  test.each([
    ['the URL', '?ns=team', {}],
    ['the environment', '', { CONSUL_NAMESPACE: 'team' }],
  ])('a namespace in %s is heeded', async (_, search, env) => {
    await expect(written(search, env)).rejects.toThrow(UsageError)
    await expect(written(search, env)).rejects.toThrow(/namespaces are a Consul Enterprise/i)
  })

  test('a partition is a usage error, and the default one is none', async () => {
    await expect(written('', { CONSUL_PARTITION: 'team' })).rejects.toThrow(UsageError)
    expect(await written('', { CONSUL_PARTITION: 'default' })).toMatchObject({ outcome: 'ok' })
  })
})
