import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { createServer, setDefaultCACertificates } from 'node:tls'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { createCertificates } from '../services/certificates.ts'
import { startRedis } from '../services/redis.ts'
import type { Service } from '../services/service.ts'
import { closedPort, listen, look } from './servers.ts'

/** A server that gives this answer to any request. */
const answering = async (answer: string): Promise<string> =>
  `127.0.0.1:${await listen('127.0.0.1', (socket) => socket.once('data', () => socket.write(answer)))}`

const reasonOf = async (url: string): Promise<string | undefined> => {
  const found = await look(url)
  return found.up ? undefined : found.reason
}

describe('a Redis with a password', () => {
  const services: Service[] = []
  let at = ''
  beforeAll(async () => {
    const service = await startRedis({ password: 'hidden' })
    services.push(service)
    at = `127.0.0.1:${service.port}`
  })
  afterAll(async () => {
    for (const service of services) await service.stop()
  })

  test('is up with the password', async () => {
    expect(await look(`redis://:hidden@${at}`)).toEqual({ up: true })
  })

  test('is up with user, password and database', async () => {
    expect(await look(`redis://default:hidden@${at}/3`)).toEqual({ up: true })
  })

  test('is not up without it', async () => {
    expect(await reasonOf(`redis://${at}`)).toBe('a password is required')
  })

  test('is not up with a wrong one', async () => {
    expect(await reasonOf(`redis://:wrong@${at}`)).toBe('authentication failed')
  })

  test('is not up in a database that it does not have', async () => {
    expect(await reasonOf(`redis://:hidden@${at}/99`)).toContain('out of range')
  })

  test('is not up while it is frozen', async () => {
    services[0]?.freeze()
    onTestFinished(() => services[0]?.thaw())
    const found = await look(`redis://:hidden@${at}`, {}, 1_000)
    expect(found).toEqual({ up: false, unknown: true, reason: 'no answer within 1s' })
  })
})

test('a Redis without a password says so of a URL with one', async () => {
  const service = await startRedis()
  try {
    const says = 'the server has no password set: leave the password out of the URL'
    expect(await reasonOf(`redis://:hidden@127.0.0.1:${service.port}`)).toBe(says)
    expect(await reasonOf(`redis://:p@127.0.0.1:${service.port}/1`)).toBe(says)
    expect(await look(`redis://127.0.0.1:${service.port}`)).toEqual({ up: true })
  } finally {
    await service.stop()
  }
})

describe('a server', () => {
  test.each([
    '-ERR Client sent AUTH, but no password is set\r\n',
    '-ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?\r\n',
  ])('that has no password set is told from one with another: %j', async (reply) => {
    expect(await reasonOf(`redis://:hidden@${await answering(reply)}`)).toContain('no password set')
  })

  test('that answers PONG is up', async () => {
    expect(await look(`redis://${await answering('+PONG\r\n')}`)).toEqual({ up: true })
  })

  test('that is still loading is not', async () => {
    const at = await answering('-LOADING Redis is loading the dataset in memory\r\n')
    expect(await reasonOf(`redis://${at}`)).toBe('it is still loading its data')
  })

  test('that repeats what it was told does not make us print the password', async () => {
    const at = await answering(
      `-ERR unknown command 'AUTH', with args beginning with: 'hidden'\r\n`,
    )
    expect(await reasonOf(`redis://:hidden@${at}`)).toBe('authentication failed')
  })

  test('that speaks something else is not up', async () => {
    const at = await answering('HTTP/1.1 400 Bad Request\r\n\r\n')
    expect(await reasonOf(`redis://${at}`)).toBe('does not speak Redis')
  })

  test('that greets like POP3 is not up', async () => {
    expect(await reasonOf(`redis://${await answering('+OK ready\r\n')}`)).toBe(
      'does not speak Redis',
    )
  })

  test('that never ends its line is not up', async () => {
    expect(await reasonOf(`redis://${await answering('+'.repeat(20_000))}`)).toBe(
      'does not speak Redis',
    )
  })

  test('that hangs up is not up', async () => {
    const port = await listen('127.0.0.1', (socket) => socket.end())
    expect(await reasonOf(`redis://127.0.0.1:${port}`)).toBe('connection closed')
  })

  test('that is not there is refused', async () => {
    expect(await reasonOf(`redis://localhost:${await closedPort()}`)).toBe('connection refused')
  })
})

test('rediss:// asks over TLS and verifies the certificate', async () => {
  const files = await createCertificates()
  const read = (path: string) => readFileSync(path, 'utf8')
  const server = createServer({ cert: read(files.cert), key: read(files.key) }, (socket) => {
    socket.on('error', () => {}).once('data', () => socket.end('+PONG\r\n'))
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  onTestFinished(() => void server.close())
  const { port } = server.address() as AddressInfo
  const url = `rediss://localhost:${port}`
  expect(await reasonOf(url)).toBe('certificate is not trusted')
  setDefaultCACertificates([read(files.ca)])
  expect(await look(url)).toEqual({ up: true })
  expect(await look(`rediss://127.0.0.1:${port}`)).toEqual({ up: true })
})
