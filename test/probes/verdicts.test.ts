import { symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { down, refusals, unknown, up } from '../../src/probes/attempt.ts'
import { checkEachAddress } from '../../src/probes/each-address.ts'
import { isAbsence } from '../../src/probes/postgres/absence.ts'
import { closedPort, folder, forever, fullUnixSocket, listen, listenHttp, look } from './servers.ts'

const answering = async (scheme: string, reply: string): Promise<string> => {
  const port = await listen(
    '127.0.0.1',
    (socket) => void socket.once('data', () => socket.end(reply)),
  )
  return `${scheme}://127.0.0.1:${port}`
}

describe('known to be down is', () => {
  const urls: Record<string, () => Promise<string>> = {
    'a port that refuses': async () => `tcp://127.0.0.1:${await closedPort()}`,
    'a port that refuses on each address': async () => `tcp://localhost:${await closedPort()}`,
    'a path with nothing at it': async () => `file://${await folder()}/x`,
    'a socket that is not there': async () => `unix://${await folder()}/x`,
    'a command that says no': async () => 'exec:exit 1',
    'a command that says no with 255': async () => 'exec:exit 255',
    'HTTP with another status': async () =>
      `http://127.0.0.1:${await listenHttp((_, response) => void response.writeHead(503).end())}`,
    'HTTP that hangs up': () => answering('http', ''),
    'something that speaks no HTTP': () => answering('http', '+OK\r\n'),
    'something that speaks no TLS': () => answering('https', 'HTTP/1.1 400 No\r\n\r\n'),
    'a Redis that is loading': () => answering('redis', '-LOADING wait\r\n'),
    'PostgreSQL that hangs up': () => answering('postgres', ''),
    'something that speaks no PostgreSQL': () => answering('postgres', 'HTTP/1.1 400 No\r\n\r\n'),
    'something that speaks no Redis': () => answering('redis', 'HTTP/1.1 400 No\r\n\r\n'),
  }
  test.for(Object.entries(urls))('%s', async ([, url]) => {
    expect(await look(await url(), {}, 60_000)).toEqual({ up: false, reason: expect.any(String) })
  })
})

describe('not known to be down is', () => {
  const loop = async () => {
    const path = join(await folder(), 'loop')
    await symlink(path, path)
    return `file://${path}`
  }
  const urls: Record<string, () => Promise<string>> = {
    'a port that accepts and says nothing': async () => `http://127.0.0.1:${await listen()}`,
    'a PostgreSQL that accepts and says nothing': async () =>
      `postgres://127.0.0.1:${await listen()}/d`,
    'a path that cannot be followed': loop,
    'a socket whose queue is full': async () => `unix://${await fullUnixSocket()}`,
    'a command that is not found': async () => 'exec:/no/such/command',
    'a command that cannot be run': async () => 'exec:/dev/null',
    'a command that is killed': async () => 'exec:kill -KILL $$',
    'a shell whose command is killed': async () => `exec:sh -c 'kill -KILL $$'; exit $?`,
    'HTTP whose answer is cut': () => answering('http', 'HTTP/1.1 2'),
    'HTTP whose head is malformed': () => answering('http', 'HTTP/1.1 2 OK\r\n\r\n'),
    'a Redis that asks for a password': () => answering('redis', '-NOAUTH no\r\n'),
    'a Redis with too many clients': () => answering('redis', '-ERR max number of clients\r\n'),
  }
  test.for(Object.entries(urls))('%s', async ([, url]) => {
    expect(await look(await url(), {}, 1500)).toEqual({
      ...{ up: false, unknown: true, reason: expect.any(String) },
    })
  })
})

describe('of two addresses of a host', () => {
  const both = (one: Parameters<typeof answer>[0], other: Parameters<typeof answer>[0]) =>
    checkEachAddress('h', forever(), answer(one, other), async () => ['1', '2'])
  const answer =
    (...[one, other]: (typeof up | ReturnType<typeof down>)[]) =>
    async (address: string) =>
      (address === '1' ? one : other) ?? up

  test('one that is up is enough', async () => {
    expect(await both(down('connection refused'), up)).toEqual(up)
    expect(await both(unknown('host unreachable'), up)).toEqual(up)
  })

  test('both must be known to be down', async () => {
    const refused = down('connection refused')
    expect(await both(refused, refused)).toEqual(refused)
    const silent = unknown('host unreachable')
    expect(await both(refused, silent)).toEqual(silent)
    expect(await both(silent, refused)).toEqual(silent)
  })

  test('one that this machine cannot reach at all does not count beside one that refused', async () => {
    const refused = down('connection refused')
    for (const reason of ['address not available', 'network unreachable']) {
      expect(await both(unknown(reason), refused)).toEqual(refused)
      expect(await both(refused, unknown(reason))).toEqual(refused)
      expect(await both(unknown(reason), unknown(reason))).toEqual(unknown(reason))
    }
  })
})

test('only what another side says is definite', () => {
  for (const code of [
    'ETIMEDOUT',
    'EHOSTUNREACH',
    'EAI_AGAIN',
    'EMFILE',
    'EACCES',
    'CERT_HAS_EXPIRED',
  ])
    expect(refusals.has(code)).toBe(false)
})

test.for([
  ['3D000', true],
  ['57P03', true],
  ['ECONNREFUSED', true],
  ['28P01', false],
  ['53300', false],
  ['EHOSTUNREACH', false],
] as const)('a PostgreSQL that ends the session with %s is known to be down: %s', ([code, known]) =>
  expect(isAbsence(Object.assign(new Error(), { code }))).toBe(known),
)
