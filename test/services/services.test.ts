import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import pg from 'pg'
import { afterEach, describe, expect, test } from 'vitest'
import { answerOf } from './answer.ts'
import { createCertificates } from './certificates.ts'
import { startConsul } from './consul.ts'
import { startEtcd } from './etcd.ts'
import { startPostgres } from './postgres.ts'
import { startProxy, type TcpProxy } from './proxy.ts'
import { startRedis } from './redis.ts'
import type { Service } from './service.ts'

const started: { stop(): Promise<void> }[] = []

const keep = <T extends { stop(): Promise<void> }>(one: T): T => {
  started.push(one)
  return one
}

afterEach(async () => {
  for (const one of started.splice(0).reverse()) await one.stop()
})

const runs = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

const refused = async (service: Service): Promise<boolean> => {
  const socket = connect(service.port, service.host)
  const [error] = await once(socket, 'error')
  return error.code === 'ECONNREFUSED'
}

const version = async (port: number): Promise<string> => (await answerOf(port, '/version')).body

const post = async (service: Service, path: string, body: object): Promise<string> => {
  const url = `http://${service.host}:${service.port}${path}`
  const answer = await fetch(url, { method: 'POST', body: JSON.stringify(body) })
  return answer.text()
}

const key = Buffer.from('a').toString('base64')

describe('etcd', () => {
  test('answers, keeps its store over a restart, and loses it when it is emptied', async () => {
    const etcd = keep(await startEtcd())
    expect(etcd.url).toBe(`etcd://127.0.0.1:${etcd.port}`)
    await post(etcd, '/v3/kv/put', { key, value: key })
    const first = etcd.pid
    await etcd.restart()
    expect(etcd.pid).not.toBe(first)
    expect(await post(etcd, '/v3/kv/range', { key })).toContain('"count":"1"')
    await etcd.restart({ empty: true })
    expect(await post(etcd, '/v3/kv/range', { key })).not.toContain('"count"')
  })

  test('is refused after a kill and gone after a stop', async () => {
    const etcd = await startEtcd()
    await etcd.kill()
    expect(await refused(etcd)).toBe(true)
    await etcd.restart()
    const { pid } = etcd
    await etcd.stop()
    expect(runs(pid)).toBe(false)
  })

  test('does not answer while it is frozen', async () => {
    const etcd = keep(await startEtcd())
    etcd.freeze()
    expect((await answerOf(etcd.port, '/health')).status).toBe(0)
    etcd.thaw()
    expect((await answerOf(etcd.port, '/health')).status).toBe(200)
  })

  test('is 3.4 on request', async () => {
    const old = keep(await startEtcd({ old: true }))
    expect(await version(old.port)).toContain('"etcdserver":"3.4.')
  })

  test('serves TLS, to clients with a certificate only', async () => {
    const tls = await createCertificates()
    const etcd = keep(await startEtcd({ tls, verifyClients: true }))
    expect(etcd.url).toMatch(/^etcds:/)
    expect((await answerOf(etcd.port, '/health', { tls })).status).toBe(200)
    expect((await answerOf(etcd.port, '/health')).status).not.toBe(200)
  })

  test('asks for the password', async () => {
    const auth = { user: 'alice', password: 'pw' }
    const etcd = keep(await startEtcd({ auth }))
    expect(await post(etcd, '/v3/kv/range', { key })).toContain('user name is empty')
    const login = await post(etcd, '/v3/auth/authenticate', { name: 'alice', password: 'pw' })
    expect(login).toContain('"token"')
  })
})

describe('consul', () => {
  const stored = (consul: Service) => answerOf(consul.port, '/v1/kv/a?raw')

  test('answers, keeps its store over a restart, and loses it when it is emptied', async () => {
    const consul = keep(await startConsul())
    const address = `http://${consul.host}:${consul.port}`
    await fetch(`${address}/v1/kv/a`, { method: 'PUT', body: 'x' })
    await consul.restart()
    expect((await stored(consul)).body).toBe('x')
    const made = await fetch(`${address}/v1/session/create`, { method: 'PUT', body: '{}' })
    expect(made.status).toBe(200)
    await consul.restart({ empty: true })
    expect((await stored(consul)).status).toBe(404)
  })

  test('serves TLS and asks for the token', async () => {
    const tls = await createCertificates()
    const aclToken = 'f3c2c1d8-6f5e-4f0a-9a54-2d7a1c0e8b11'
    const consul = keep(await startConsul({ tls, aclToken }))
    const headers = { 'X-Consul-Token': aclToken }
    expect(consul.url).toMatch(/^consuls:/)
    expect((await answerOf(consul.port, '/v1/kv/a', { tls })).status).toBe(403)
    expect((await answerOf(consul.port, '/v1/kv/a', { tls, headers })).status).toBe(404)
  })
})

describe('postgres', () => {
  const connected = async (connectionString: string): Promise<string> => {
    const client = new pg.Client({ connectionString })
    await client.connect()
    const { rows } = await client.query('select current_database() as name')
    await client.end()
    return rows[0].name
  }

  test('answers on TCP and on its socket, also after a kill', async () => {
    const postgres = keep(await startPostgres({ databases: ['app', 'other'] }))
    expect(await connected(postgres.url)).toBe('app')
    await postgres.kill()
    expect(await refused(postgres)).toBe(true)
    await postgres.restart()
    const { socketFolder: host, port, user, password } = postgres
    const client = new pg.Client({ host, port, user, password, database: 'other' })
    await client.connect()
    await client.end()
  })

  test('asks for the password', async () => {
    const postgres = keep(await startPostgres({ password: 'right' }))
    const wrong = postgres.url.replace('right', 'wrong')
    await expect(connected(wrong)).rejects.toMatchObject({ code: '28P01' })
  })
})

test('redis answers, with a password, and keeps its store over a restart', async () => {
  const redis = keep(await startRedis({ password: 'pw' }))
  expect(redis.url).toBe(`redis://:pw@127.0.0.1:${redis.port}`)
  const ask = async (command: string): Promise<string> => {
    const socket = connect(redis.port, redis.host)
    socket.write(`AUTH pw\r\n${command}\r\nQUIT\r\n`)
    return (await socket.toArray()).join('')
  }
  expect(await ask('SET a 1')).toBe('+OK\r\n+OK\r\n+OK\r\n')
  await redis.restart()
  expect(await ask('GET a')).toBe('+OK\r\n$1\r\n1\r\n+OK\r\n')
})

test('the certificates are signed by their authority', async () => {
  const files = await createCertificates()
  const { X509Certificate } = await import('node:crypto')
  const ca = new X509Certificate(readFileSync(files.ca))
  const server = new X509Certificate(readFileSync(files.cert))
  expect(server.verify(ca.publicKey)).toBe(true)
  expect(server.checkIP('127.0.0.1')).toBe('127.0.0.1')
})

describe('a proxy', () => {
  /** A server that sends back what it receives, and remembers it. */
  const startEcho = async () => {
    let received = ''
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      socket.on('error', () => {})
      socket.on('data', (bytes) => {
        received += bytes
      })
      socket.pipe(socket)
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as { port: number }
    keep({
      stop: async () => {
        server.close()
      },
    })
    return { target: { host: '127.0.0.1', port }, received: () => received }
  }

  const join = async (proxy: TcpProxy): Promise<Socket> => {
    const socket = connect(proxy.port, proxy.host)
    await once(socket, 'connect')
    socket.on('error', () => {}) // stopping the proxy resets open connections
    return socket
  }

  const echo = async (socket: Socket, text: string): Promise<string> => {
    socket.write(text)
    const [bytes] = await once(socket, 'data')
    return String(bytes)
  }

  test('carries bytes and closing both ways', async () => {
    const { target } = await startEcho()
    const proxy = keep(await startProxy(target))
    const socket = await join(proxy)
    expect(await echo(socket, 'hello')).toBe('hello')
    expect([proxy.connections, proxy.peak]).toEqual([1, 1])
    socket.end()
    await once(socket, 'close')
  })

  test('cuts connections, and takes new ones', async () => {
    const { target } = await startEcho()
    const proxy = keep(await startProxy(target))
    const socket = await join(proxy)
    await echo(socket, 'a')
    proxy.cut()
    const [error] = await once(socket, 'error')
    expect(error.code).toBe('ECONNRESET')
    expect(await echo(await join(proxy), 'b')).toBe('b')
  })

  test('refuses connections until it accepts again', async () => {
    const { target } = await startEcho()
    const proxy = keep(await startProxy(target))
    proxy.refuse()
    await expect(join(proxy)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    await proxy.accept()
    expect(await echo(await join(proxy), 'b')).toBe('b')
  })

  test('drops replies to requests that the server got', async () => {
    const { target, received } = await startEcho()
    const proxy = keep(await startProxy(target))
    const socket = await join(proxy)
    let replies = ''
    socket.on('data', (bytes) => {
      replies += bytes
    })
    const dropped = proxy.dropReplies()
    socket.write('write')
    await dropped
    expect(received()).toBe('write')
    proxy.cut()
    await once(socket, 'error')
    expect(replies).toBe('')
  })

  test('is a black hole until it resumes', async () => {
    const { target, received } = await startEcho()
    const proxy = keep(await startProxy(target))
    const socket = await join(proxy)
    proxy.pause()
    socket.write('held')
    const other = await startProxy(target)
    await echo(await join(other), '1') // a round trip elsewhere takes long enough for the held bytes
    await other.stop()
    expect(received()).toBe('1')
    proxy.resume()
    const [bytes] = await once(socket, 'data')
    expect(String(bytes)).toBe('held')
  })

  test('delays', async () => {
    const { target } = await startEcho()
    const proxy = keep(await startProxy(target))
    const socket = await join(proxy)
    proxy.delay(60)
    const since = performance.now()
    expect(await echo(socket, 'a')).toBe('a')
    expect(performance.now() - since).toBeGreaterThan(115)
  })
})
