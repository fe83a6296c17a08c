import { createServer } from 'node:net'
import { describe, expect, test } from 'vitest'
import { closedPort, listen, listenHttp, unansweringPort } from '../probes/servers.ts'
import { Place } from './rdv.ts'

const unavailable = async (): Promise<string> =>
  `http://127.0.0.1:${await listenHttp((_, response) => void response.writeHead(503).end())}/`

const silent = async (): Promise<string> => `http://127.0.0.1:${await listen()}/`

describe.concurrent('wait --not', () => {
  const GONE: Record<string, () => Promise<string>> = {
    'a port that refuses': async () => `tcp://127.0.0.1:${await closedPort()}`,
    'an HTTP server that says 503': unavailable,
    'a file that is not there': async () => 'file:///no/such/file',
    'a command that says no': async () => 'exec:false',
  }
  test.for(Object.entries(GONE))('is 0 for %s', async ([, url]) => {
    expect(await new Place().rdv('wait', '--not', await url())).toMatchObject({ code: 0 })
  })

  const UNKNOWN: Record<string, [url: () => Promise<string>, reason: string]> = {
    'a server that accepts and is silent': [silent, 'no answer within 5s'],
    'a server whose backlog is full': [
      async () => `tcp://127.0.0.1:${await unansweringPort()}`,
      'no answer within 5s',
    ],
    'a command that is not there': [async () => 'exec:exit 127', 'exit code 127'],
  }
  test.for(Object.entries(UNKNOWN))('is not 0 for %s', async ([, [url, reason]]) => {
    const target = await url()
    const [once, waiting] = await Promise.all([
      new Place().rdv('wait', '--not', '--once', target),
      new Place().rdv('wait', '--not', '--timeout', '7s', target),
    ])
    expect(once.code).toBe(1)
    expect(once.stderr).toContain(`${target.slice(0, 5)}`)
    expect(once.stderr).toContain(reason)
    expect(waiting.code).toBe(124)
  })

  test('of a silent server ends once that is gone', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    const { port } = server.address() as { port: number }
    const waiting = new Place().start(
      'wait',
      '--not',
      `http://127.0.0.1:${port}/`,
      '--timeout',
      '2m',
    )
    server.once('connection', (socket) => {
      server.close()
      socket.destroy()
    })
    expect(await waiting.ended).toMatchObject({ code: 0 })
  })
})

test('--fail-if of what is not known does not hit', async () => {
  const { code, stderr } = await new Place().rdv(
    ...['wait', 'exec:false', '--fail-if', 'exec:exit 127', '--timeout', '1s'],
  )
  expect({ code, stderr }).toEqual({ code: 124, stderr: expect.stringContaining('exit code 1') })
})
