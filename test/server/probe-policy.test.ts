import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { UsageError } from '../../src/base/errors.ts'
import { openProbe } from '../../src/probes/open.ts'
import { ForbiddenError } from '../../src/server/http/responses.ts'
import { ProbePolicy } from '../../src/server/probes/policy.ts'
import { startRdvServe } from '../commands/stores.ts'
import { curl } from './curl.ts'

const listening = async (): Promise<number> => {
  const listener = createServer().listen(0, '127.0.0.1')
  await once(listener, 'listening')
  onTestFinished(() => void listener.close())
  return (listener.address() as AddressInfo).port
}

test.each([
  ['db', 'db', 1, true],
  ['DB:5432', 'db', 5432, true],
  ['db:5432', 'db', 5433, false],
  ['db:5432', 'db.evil.example', 5432, false],
  ['*.svc:5432', 'db.svc', 5432, true],
  ['*.svc:5432', 'db.svc.evil.example', 5432, false],
  ['*.svc:5432', 'svc', 5432, false],
  ['*:80-90', 'anything.example', 85, true],
  ['*:80-90', 'anything.example', 91, false],
  ['10.0.0.0/8', '10.200.1.1', 22, true],
  ['10.0.0.0/8:443', '10.200.1.1', 22, false],
  ['10.0.0.0/8', '11.0.0.1', 443, false],
  ['127.0.0.1:*', '127.0.0.1', 443, true],
  ['127.0.0.1', '127.0.0.2', 443, false],
  ['[fd00::/8]:5432', 'fd12::1', 5432, true],
  ['[fd00::/8]:5432', 'fe12::1', 5432, false],
  ['fd00::/8', 'fd12::1', 1, true],
  // whether a name is in a network is known only when it has been resolved
  ['10.0.0.0/8', 'name.example', 443, true],
])('--allow-probe %s lets %s port %i be looked at: %s', (pattern, host, port, allowed) => {
  const check = () => new ProbePolicy([pattern]).check(host, port)
  if (allowed) expect(check).not.toThrow()
  else expect(check).toThrow(ForbiddenError)
})

test.each([
  '',
  'db:',
  'db:0',
  'db:65536',
  'db:90-80',
  'db:http',
  'http://db',
  '10.0.0.0/33',
  '10.0.0.0/8/8',
  '10.0.0/8',
  'fd00::/129',
  '**.svc',
  'a..b',
])('--allow-probe %j is refused', (pattern) => {
  expect(() => new ProbePolicy([pattern])).toThrow(UsageError)
})

test('a name is looked at only if all of its addresses are allowed', async () => {
  const both = new ProbePolicy(['127.0.0.0/8:80', '[::1]:80'])
  expect(await both.resolver(80)('localhost')).toEqual(['127.0.0.1', '::1'])
  await expect(both.resolver(81)('localhost')).rejects.toThrow(ForbiddenError)
  const one = new ProbePolicy(['127.0.0.0/8'])
  await expect(one.resolver(80)('localhost')).rejects.toThrow(ForbiddenError)
})

test.each([
  '169.254.169.254',
  '169.254.0.1',
  'fe80::1',
  'fe80::1%lo',
  'fd00:ec2::254',
  'fd20:ce::254',
  '::ffff:169.254.169.254',
  '64:ff9b::169.254.169.254',
  '100.100.100.200',
  '168.63.129.16',
])('%s is looked at for nobody, whatever is allowed', async (address) => {
  for (const policy of [new ProbePolicy(undefined), new ProbePolicy(['*', '0.0.0.0/0', '::/0'])]) {
    await expect(policy.resolver(80)(address)).rejects.toThrow(/link-local or a metadata service/)
  }
})

test.each(['tcp', 'http', 'redis', 'postgres'])(
  'a %s probe connects to what was checked, and asks no second time',
  async (scheme) => {
    const port = await listening()
    const asked: string[] = []
    const resolve = async (host: string) => {
      asked.push(host)
      return ['127.0.0.1']
    }
    const { signal } = new AbortController()
    const path = scheme === 'postgres' ? '/db' : ''
    const probe = openProbe(`${scheme}://name.invalid:${port}${path}`, { resolve })
    const looked = probe
      .check(AbortSignal.any([signal, AbortSignal.timeout(2_000)]))
      .catch(() => {})
    const finding = await looked
    expect(asked).toEqual(['name.invalid'])
    if (scheme === 'tcp') expect(finding).toEqual({ up: true })
  },
)

test('a server says what it does not look at', async () => {
  const port = await listening()
  const server = await startRdvServe('--allow-probe', `127.0.0.1:${port}`)
  onTestFinished(() => server.stop())
  expect(await curl(`${server.url}/_port/127.0.0.1/${port}`)).toMatchObject({ status: 200 })
  for (const target of [`localhost/${port}`, '127.0.0.1/1', 'db.example/5432', '10.0.0.1/22']) {
    const { status, body } = await curl(`${server.url}/_port/${target}`)
    expect([target, status]).toEqual([target, 403])
    expect(body).toMatchObject({ ok: false, error: expect.stringContaining('--allow-probe') })
  }
})
