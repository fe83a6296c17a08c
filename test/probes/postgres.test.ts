import { readFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import { userInfo } from 'node:os'
import { createSecureContext, TLSSocket } from 'node:tls'
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { openProbe } from '../../src/probes/open.ts'
import { createCertificates } from '../services/certificates.ts'
import { type PostgresService, startPostgres } from '../services/postgres.ts'
import { closed, closedPort, listen, look, unansweringPort } from './servers.ts'

const reasonOf = async (url: string): Promise<string | undefined> => {
  const found = await look(url)
  return found.up ? undefined : found.reason
}

describe('a PostgreSQL', () => {
  let service: PostgresService
  let at = ''
  const password = 'hid den@/:'
  const login = `postgres:${encodeURIComponent(password)}`
  beforeAll(async () => {
    service = await startPostgres({ password, databases: ['app'] })
    at = `127.0.0.1:${service.port}`
  }, 240_000)
  afterAll(() => service.stop())

  test('is up with user, password and database', async () => {
    expect(await look(`postgres://${login}@${at}/app`)).toEqual({ up: true })
    expect(await look(`postgresql://${login}@${at}/app?sslmode=disable`)).toEqual({ up: true })
  })

  test('is up on localhost although it listens on IPv4 only', async () => {
    expect(await look(`postgres://${login}@localhost:${service.port}/app`)).toEqual({ up: true })
  })

  test('is up on its Unix socket', async () => {
    const query = `host=${encodeURIComponent(service.socketFolder)}&port=${service.port}`
    expect(await look(`postgres://${login}@/app?${query}`)).toEqual({ up: true })
  })

  test('is not up with a wrong password', async () => {
    const reason = await reasonOf(`postgres://postgres:hidden@${at}/app`)
    expect(reason).toBe('password authentication failed for user postgres')
  })

  test('is not up without a password', async () => {
    vi.stubEnv('PGPASSWORD', undefined)
    vi.stubEnv('HOME', '/nonexistent')
    onTestFinished(() => void vi.unstubAllEnvs())
    const reason = await reasonOf(`postgres://postgres@${at}/app`)
    expect(reason).toBe('no password given for user postgres')
  })

  test('takes what the URL leaves out from the environment', async () => {
    vi.stubEnv('PGUSER', 'postgres')
    vi.stubEnv('PGPASSWORD', password)
    onTestFinished(() => void vi.unstubAllEnvs())
    expect(await look(`postgres://${at}/app`)).toEqual({ up: true })
  })

  test('is not up before the database exists', async () => {
    expect(await reasonOf(`postgres://${login}@${at}/later`)).toBe('database later does not exist')
  })

  test('is not up over TLS that it does not offer', async () => {
    const reason = await reasonOf(`postgres://${login}@${at}/app?sslmode=require`)
    expect(reason).toBe('the server offers no TLS')
  })

  test('is not up while it is frozen', async () => {
    service.freeze()
    onTestFinished(() => service.thaw())
    const found = await look(`postgres://${login}@${at}/app`, {}, 2_000)
    expect(found).toEqual({ up: false, unknown: true, reason: 'no answer within 2s' })
  })

  test('is not up while it is down, and up again after', async () => {
    const probe = `postgres://${login}@${at}/app`
    await service.kill()
    expect((await look(probe)).up).toBe(false)
    await service.restart()
    expect(await look(probe)).toEqual({ up: true })
  }, 240_000)
})

describe('a server', () => {
  test('that is not there is refused', async () => {
    const url = `postgres://localhost:${await closedPort()}/app`
    expect(await reasonOf(url)).toBe('connection refused')
  })

  test.each(['disable', 'prefer', 'require'])('that hangs up is not up with %s', async (mode) => {
    const port = await listen('127.0.0.1', (socket) => socket.end())
    const url = `postgres://u@127.0.0.1:${port}/app?sslmode=${mode}`
    expect(await reasonOf(url)).toBe('connection closed')
  })

  test.each(['disable', 'prefer'])('that speaks something else is not up with %s', async (mode) => {
    const port = await listen('127.0.0.1', (socket) =>
      socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'),
    )
    expect((await look(`postgres://u@127.0.0.1:${port}/app?sslmode=${mode}`)).up).toBe(false)
  })

  test('that answers before TLS with more than a letter is not trusted', async () => {
    const port = await listen(
      '127.0.0.1',
      (socket) => void socket.once('data', () => socket.write('SR')),
    )
    expect(await reasonOf(`postgres://u@127.0.0.1:${port}/app`)).toBe('does not speak PostgreSQL')
  })

  /**
   * Starts a server that asks for authentication of a kind. `kind` is its number in the protocol; `more` is the rest of
   * the message.
   */
  const asks = (kind: number, more: Buffer = Buffer.alloc(0)): Promise<number> => {
    const message = Buffer.alloc(9)
    message.write('R')
    message.writeInt32BE(8 + more.length, 1)
    message.writeInt32BE(kind, 5)
    return listen('127.0.0.1', (socket) => {
      socket.once('data', () => socket.write(Buffer.concat([message, more])))
    })
  }

  test.each([2, 6, 7, 9, 99])('that wants authentication of kind %i is not up', async (kind) => {
    const url = `postgres://u:p@127.0.0.1:${await asks(kind)}/app?sslmode=disable`
    expect(await reasonOf(url)).toMatch(/^login failed: /)
  })

  test.each([
    ['scram-sha-256', 3, 'password'],
    ['!password', 3, 'password'],
    ['!password,!md5', 5, 'md5'],
    ['md5,scram-sha-256', 0, 'none'],
  ])(
    'that asks for what require_auth=%s excludes gets no password',
    async (allowed, kind, method) => {
      const port = await asks(kind, kind === 5 ? Buffer.from('salt') : undefined)
      const url = `postgres://u:p@127.0.0.1:${port}/app?sslmode=disable&require_auth=${allowed}`
      expect(await reasonOf(url)).toBe(
        `the server asks for authentication by ${method}: require_auth excludes it`,
      )
    },
  )
})

describe('an abort cuts the connection', () => {
  const cutWhile = async (serve: (socket: Socket) => void, query = ''): Promise<void> => {
    const accepted = Promise.withResolvers<Socket>()
    const port = await listen('127.0.0.1', (socket) => {
      serve(socket)
      socket.once('data', () => accepted.resolve(socket))
    })
    const controller = new AbortController()
    const looking = openProbe(`postgres://u:p@127.0.0.1:${port}/d${query}`).check(controller.signal)
    const socket = await accepted.promise
    controller.abort(new Error('interrupted'))
    await expect(looking).rejects.toThrow('interrupted')
    await closed(socket)
  }

  test('to a server that never answers', () => cutWhile(() => {}))

  test('to a server that never answers whether it has TLS', () =>
    cutWhile(() => {}, '?sslmode=require'))

  test('in the middle of the TLS handshake', () =>
    cutWhile((socket) => void socket.once('data', () => socket.write('S')), '?sslmode=prefer'))
})

/**
 * Starts a server that speaks TLS as PostgreSQL does. The promise resolves to the server name that the client has sent.
 */
const listenTls = async (cert: Buffer, key: Buffer): Promise<[number, Promise<string>]> => {
  const asked = Promise.withResolvers<string>()
  const secureContext = createSecureContext({ cert, key })
  const port = await listen('127.0.0.1', (socket) => {
    socket.once('data', () => {
      socket.write('S')
      const secure = new TLSSocket(socket, { isServer: true, secureContext }).on('error', () => {})
      secure.once('data', () => asked.resolve(String(secure.servername)))
    })
  })
  return [port, asked.promise]
}

test('TLS verifies the name of the URL, whichever of its addresses answers', async () => {
  const files = await createCertificates()
  const [port, asked] = await listenTls(readFileSync(files.cert), readFileSync(files.key))
  const url = `postgres://u:p@localhost:${port}/d`
  const other = `${url}?sslmode=verify-full&sslrootcert=${files.selfSigned.cert}`
  expect(await reasonOf(other)).toBe('certificate is not trusted')
  const controller = new AbortController()
  const probe = openProbe(`${url}?sslmode=verify-full&sslrootcert=${files.ca}`)
  const looking = probe.check(controller.signal)
  expect(await asked).toBe('localhost')
  controller.abort(new Error('seen'))
  await expect(looking).rejects.toThrow('seen')
})

test('a Unix socket that is not there is not there yet', async () => {
  const url = 'postgres://u:p@/d?host=/no/such'
  expect(await reasonOf(url)).toBe('does not exist')
})

test('a root certificate that is not there is not there yet', async () => {
  const port = await listen(
    '127.0.0.1',
    (socket) => void socket.once('data', () => socket.write('S')),
  )
  const url = `postgres://u@127.0.0.1:${port}/app?sslmode=verify-ca&sslrootcert=/no/such`
  expect(await reasonOf(url)).toBe(
    'the root certificate /no/such does not exist (sslrootcert=system uses those of the system)',
  )
})

describe('of several hosts', () => {
  test('a silent one keeps no other from being tried', async () => {
    const service = await startPostgres()
    onTestFinished(() => service.stop())
    const [silent, gone] = [await unansweringPort(), await closedPort()]
    const login = `postgres:${encodeURIComponent(service.password)}`
    const hosts = `127.0.0.1:${silent},127.0.0.1:${gone},127.0.0.1:${service.port}`
    const url = `postgres://${login}@${hosts}/postgres`
    expect(await look(url, {}, 30_000)).toEqual({ up: true })
    expect(await look(`${url}?load_balance_hosts=random`, {}, 30_000)).toEqual({ up: true })
  })

  test.each(['hosts', 'addresses'])(
    'one of several %s that has accepted a connection is awaited',
    async (of) => {
      const tried: string[] = []
      const port = await listen('127.0.0.1', () => tried.push('first'))
      await listen('127.0.0.2', (socket) => tried.push('second') && socket.end(), port)
      const hosts = of === 'hosts' ? `127.0.0.1:${port},127.0.0.2:${port}` : `both:${port}`
      const resolve = async (host: string) =>
        host === 'both' ? ['127.0.0.1', '127.0.0.2'] : [host]
      const found = await look(`postgres://u@${hosts}/d`, { resolve }, 1_000)
      expect(found).toEqual({ up: false, unknown: true, reason: 'no answer within 1s' })
      expect(tried).toEqual(['first'])
    },
  )

  test('each is named in the reason', async () => {
    const port = await closedPort()
    expect(await reasonOf(`postgres://u@127.0.0.1:${port},name.invalid:7/app`)).toBe(
      `127.0.0.1:${port}: connection refused; name.invalid:7: name does not resolve`,
    )
  })

  test('each is asked about before anything is connected to', async () => {
    const asked: string[] = []
    const resolve = async (host: string) => {
      asked.push(host)
      return []
    }
    vi.stubEnv('PGHOSTADDR', '192.0.2.1,,192.0.2.3')
    onTestFinished(() => void vi.unstubAllEnvs())
    expect((await look('postgres://u@h1,h2:7,h3/app', { resolve })).up).toBe(false)
    expect(asked).toEqual(['192.0.2.1', 'h2', '192.0.2.3'])
  })

  test('all are cut by an abort', async () => {
    const accepted = Promise.withResolvers<Socket>()
    const port = await listen('127.0.0.1', (socket) => accepted.resolve(socket))
    const controller = new AbortController()
    const url = `postgres://u@127.0.0.1:${await unansweringPort()},127.0.0.1:${port}/d?connect_timeout=60`
    const looking = openProbe(url).check(controller.signal)
    const socket = await accepted.promise
    controller.abort(new Error('interrupted'))
    await expect(looking).rejects.toThrow('interrupted')
    await closed(socket)
  })
})

describe('what cannot be honoured is a usage error that says what to write:', () => {
  test.each([
    [
      'sslmode=bogus',
      /^sslmode=bogus is not usable: write disable, allow, prefer, require, verify-ca or verify-full$/,
    ],
    ['sslmode=no-verify', /write disable, allow/],
    ['sslmod=require', /has no parameter sslmod: did you mean sslmode, or one of host, hostaddr, /],
    [
      'sslnegotiation=nonsense',
      /^sslnegotiation=nonsense is not usable: write postgres or direct$/,
    ],
    ['sslnegotiation=direct', /with sslmode=prefer: write sslmode=require, /],
    ['sslrootcert=system&sslmode=require', /with sslmode=require: write sslmode=verify-full$/],
    ['gssencmode=require', /as rdv does not support GSSAPI: write prefer or disable$/],
    ['sslcrldir=/etc/crl', /only from the file that sslcrl names: leave it out$/],
    ['sslcertmode=require', /write allow or disable$/],
    ['replication=database', /as a probe does not open replication connections: write false/],
    ['require_auth=kerberos', /^require_auth is not usable: write some of password, md5, /],
    ['require_auth=!md5,password', /^require_auth is not usable/],
    ['load_balance_hosts=yes', /write disable or random$/],
    ['connect_timeout=soon', /^connect_timeout=soon is not usable: write a whole number$/],
    ['host=/run&requirepeer=postgres', /leave requirepeer out$/],
    ['host=a,b&port=1,2,3', /^there are 3 values of port for 2 hosts: write one for each host$/],
    ['hostaddr=127.0.0.1,127.0.0.2', /^there are 2 values of hostaddr for 1 hosts/],
    ['port=65536', /^port=65536 is not usable: write ports from 1 to 65535$/],
    [`host=/${'d'.repeat(100)}`, /longer than 107 bytes: shorten it$/],
    ['hostaddr=localhost', /^hostaddr=localhost is not an address/],
    ['service=none', /^no service none is defined: write a section \[none\] in /],
  ])('%s', async (query, message) => {
    const looking = async () => look(`postgres://u@127.0.0.1:1/app?${query}`)
    await expect(looking()).rejects.toThrow(message)
  })

  test.each([
    ['PGSSLMODE', 'bogus', /^PGSSLMODE=bogus is not usable: write disable, /],
    ['PGSSLMODE', '', /^PGSSLMODE= is not usable: write disable, /],
    ['PGPORT', 'x', /^PGPORT=x is not usable: write ports from 1 to 65535$/],
    ['PGTARGETSESSIONATTRS', 'master', /write any, read-write, read-only, primary, standby or /],
    ['PGSERVICEFILE', '/no/such', /^the service file \/no\/such cannot be read/],
  ])('%s=%s', async (variable, value, message) => {
    vi.stubEnv(variable, value)
    onTestFinished(() => void vi.unstubAllEnvs())
    const looking = async (query: string) => look(`postgres://u@127.0.0.1/app${query}`)
    const query = variable === 'PGSERVICEFILE' ? '?service=none' : ''
    await expect(looking(query)).rejects.toThrow(message)
  })

  test.each([undefined, ''])('a missing service, where HOME is %j', async (home) => {
    vi.stubEnv('HOME', home)
    onTestFinished(() => void vi.unstubAllEnvs())
    const looking = async () => look('postgres://u@127.0.0.1/app?service=none')
    await expect(looking()).rejects.toThrow(`in ${userInfo().homedir}/.pg_service.conf`)
  })

  test('a secret is in none of them', async () => {
    const secrets = ['pasword=hidden', 'scram_client_key=hidden', 'password=hidden&sslmode=bogus']
    for (const query of [...secrets, 'x&sslpassword=hidden', 'a=b=hidden']) {
      const looking = async () => look(`postgres://u:hidden@h/d?${query}`)
      const error = await looking().catch(String)
      expect([query, error]).toEqual([query, expect.stringContaining('UsageError')])
      expect(error).not.toContain('hidden')
    }
  })
})
