import { readFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import { createSecureContext, TLSSocket } from 'node:tls'
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { openProbe } from '../../src/probes/open.ts'
import { createCertificates } from '../services/certificates.ts'
import { type PostgresService, startPostgres } from '../services/postgres.ts'
import { closed, closedPort, listen, look } from './servers.ts'

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
    expect(reason).toBe('The server does not support SSL connections')
  })

  test('is not up while it is frozen', async () => {
    service.freeze()
    onTestFinished(() => service.thaw())
    const found = await look(`postgres://${login}@${at}/app`, {}, 2_000)
    expect(found).toEqual({ up: false, reason: 'no answer within 2s' })
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

  test('that hangs up is not up', async () => {
    const port = await listen('127.0.0.1', (socket) => socket.end())
    expect(await reasonOf(`postgres://127.0.0.1:${port}/app`)).toMatch(/^[Cc]onnection/)
  })

  test('that speaks something else is not up', async () => {
    const port = await listen('127.0.0.1', (socket) =>
      socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'),
    )
    expect((await look(`postgres://127.0.0.1:${port}/app`)).up).toBe(false)
  })
})

describe('an abort cuts the connection', () => {
  const cutWhile = async (serve: (socket: Socket) => void, query = ''): Promise<void> => {
    const accepted = Promise.withResolvers<Socket>()
    const port = await listen('127.0.0.1', (socket) => {
      serve(socket)
      socket.once('data', () => accepted.resolve(socket))
    })
    const controller = new AbortController()
    const looking = openProbe(`postgres://u:p@127.0.0.1:${port}/d${query}`).look(controller.signal)
    const socket = await accepted.promise
    controller.abort(new Error('interrupted'))
    await expect(looking).rejects.toThrow('interrupted')
    await closed(socket)
  }

  test('to a server that never answers', () => cutWhile(() => {}))

  test('to a server that never answers whether it has TLS', () =>
    cutWhile(() => {}, '?sslmode=require'))

  test('in the middle of the TLS handshake', () =>
    cutWhile((socket) => void socket.once('data', () => socket.write('S')), '?sslmode=no-verify'))
})

/** Speaks TLS as PostgreSQL does, and tells for which name it was asked. */
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
  expect(await reasonOf(`${url}?sslmode=verify-full`)).toBe('certificate is not trusted')
  const controller = new AbortController()
  const probe = openProbe(`${url}?sslmode=verify-full&sslrootcert=${files.ca}`)
  const looking = probe.look(controller.signal)
  expect(await asked).toBe('localhost')
  controller.abort(new Error('seen'))
  await expect(looking).rejects.toThrow('seen')
})

test('a Unix socket that is not there is not there yet', async () => {
  const url = 'postgres://u:p@/d?host=/no/such'
  expect(await reasonOf(url)).toBe('not there')
})

test('a certificate file that is not there is not there yet', async () => {
  const reason = await reasonOf('postgres://127.0.0.1:1/app?sslmode=verify-ca&sslrootcert=/no/such')
  expect(reason).toBe('not there')
})

test('a parameter that pg cannot use is a usage error', async () => {
  await expect(look('postgres://127.0.0.1:1/app?sslnegotiation=nonsense')).rejects.toThrow(
    /^a parameter of the postgres:\/\/ URL is not usable/,
  )
})
