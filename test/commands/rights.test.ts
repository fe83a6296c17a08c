import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { request } from '../backends/consul/native.ts'
import { etcdctl } from '../backends/etcd/servers.ts'
import { startConsul } from '../services/consul.ts'
import { startEtcd } from '../services/etcd.ts'
import type { Service } from '../services/service.ts'
import { beside } from '../side-by-side.ts'
import { lines, Place } from './rdv.ts'

const KEEP = ['--', 'sh', '-c', 'echo up; exec sleep 300']

beside('of Consul with access control', () => {
  const token = randomUUID()
  let store: Service
  beforeAll(async () => {
    store = await startConsul({ aclToken: token })
  })
  afterAll(() => store.stop())

  const limited = async (rules: string): Promise<string> => {
    const name = `policy-${randomUUID()}`
    await request(store, 'PUT', '/acl/policy', { token, body: { Name: name, Rules: rules } })
    const made = await request<{ SecretID: string }>(store, 'PUT', '/acl/token', {
      token,
      body: { Policies: [{ Name: name }] },
    })
    return made.SecretID
  }
  const as = (secret: string) => new Place({ RDV_BACKEND: store.url, CONSUL_HTTP_TOKEN: secret })

  const READ = 'key_prefix "rdv/" { policy = "read" }'
  const WRITE = 'key_prefix "rdv/" { policy = "write" }'
  const SESSION = 'session_prefix "" { policy = "write" }'

  test.each([
    ['cannot write', READ + SESSION, /^rdv: the store does not work: .*key:write on rdv\//],
    ['cannot make sessions', WRITE, /^rdv: the store does not work: .*session:write/],
    ['cannot read', SESSION, /^rdv: the store does not work: .*key:read on rdv\//],
  ])('doctor is 120 for a token that %s', async (_, rules, says) => {
    const { code, stdout, stderr } = await as(await limited(rules)).rdv('doctor')
    expect({ code, stdout, stderr: lines(stderr) }).toEqual({
      code: 120,
      stdout: '',
      stderr: [expect.stringMatching(says)],
    })
  })

  test('doctor works for a token with the rights that the docs name', async () => {
    const { code, stdout } = await as(await limited(WRITE + SESSION)).rdv('doctor')
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/works\n/) })
  })

  test('a holder whose token is deleted is told that when its session is lost', async () => {
    const secret = await limited(WRITE + SESSION)
    const holder = as(secret).start('lock', 'l', '--ttl', '10s', ...KEEP)
    await holder.says(/up/)
    const { AccessorID } = await request<{ AccessorID: string }>(store, 'GET', '/acl/token/self', {
      token: secret,
    })
    await request(store, 'DELETE', `/acl/token/${AccessorID}`, { token })
    const { code, stderr } = await holder.ended
    expect(code).toBe(121)
    expect(stderr).toMatch(/the session could not be renewed in time: .*refuses the request.*403/)
  })
})

beside('of etcd with users', () => {
  let store: Service
  beforeAll(async () => {
    store = await startEtcd({ auth: { user: 'alice', password: 'right' } })
  })
  afterAll(() => store.stop())

  const root = (...args: string[]) =>
    etcdctl({ ...store, environment: { ETCDCTL_USER: 'root:right' } }, ...args)
  /** A call to the JSON gateway, because etcdctl asks for a new password only at a terminal. */
  const gateway = async (method: string, body: object, token = ''): Promise<{ token?: string }> => {
    const url = `http://127.0.0.1:${store.port}/v3/${method}`
    const headers = token ? { authorization: token } : undefined
    const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })
    expect(answer.status).toBe(200)
    return (await answer.json()) as { token?: string }
  }
  const as = (user: string) => new Place({ RDV_BACKEND: store.url, ETCDCTL_USER: user })

  test.each([
    ['read', 'write'],
    ['write', 'read'],
  ])('doctor is 120 for a user who may only %s', async (right) => {
    await root('role', 'add', right)
    await root('role', 'grant-permission', '--prefix=true', right, right, 'rdv/')
    await root('user', 'add', `${right}er:pw`)
    await root('user', 'grant-role', `${right}er`, right)
    const { code, stdout, stderr } = await as(`${right}er:pw`).rdv('doctor')
    expect({ code, stdout, stderr: lines(stderr) }).toEqual({
      code: 120,
      stdout: '',
      stderr: [expect.stringMatching(/^rdv: the store does not work: .*permission denied/)],
    })
  })

  test('a holder whose password is changed is told that when its session is lost', async () => {
    await root('user', 'add', 'bob:before')
    await root('user', 'grant-role', 'bob', 'everything')
    const holder = as('bob:before').start('lock', 'l', '--ttl', '6s', ...KEEP)
    await holder.says(/up/)
    const { token } = await gateway('auth/authenticate', { name: 'root', password: 'right' })
    await gateway('auth/user/changepw', { name: 'bob', password: 'after' }, token)
    const { code, stderr } = await holder.ended
    expect(code).toBe(121)
    expect(stderr).toMatch(
      /the session could not be renewed in time: .*refuses the request: .*authentication/,
    )
  })
})
