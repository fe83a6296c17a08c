import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import type { Backend } from '../../../src/backends/backend.ts'
import { open } from '../../../src/backends/http/index.ts'

import { openBackend } from '../../../src/backends/open.ts'
import { put } from '../../../src/backends/operations.ts'
import {
  ConflictError,
  IndeterminateError,
  LeaseGoneError,
  LostError,
  NoError,
  UnavailableError,
  UsageError,
} from '../../../src/base/errors.ts'
import { startServer } from '../../../src/server/server.ts'
import { freePorts } from '../../services/ports.ts'
import { temporaryFolder } from '../../services/watchdog.ts'

const KEY = 'rdv/signal/k'

describe('an http:// client', () => {
  const ending: (() => unknown)[] = []
  afterEach(async () => {
    for (const end of ending.splice(0).reverse()) await end()
  })

  /** Starts an HTTP server that is not rdv: another program, or a proxy whose server is down. */
  const other = async (listener: RequestListener): Promise<string> => {
    const server: Server = createServer(listener).listen(0, '127.0.0.1')
    await once(server, 'listening')
    ending.push(() => server.close())
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  }

  /** Starts a real server in front of a store with some methods that fail. */
  const serving = async (faults: Partial<Backend>, token?: string): Promise<string> => {
    const memory = await openBackend('memory:', { env: {} })
    const bound = new Proxy(memory, {
      get: (target, name) => {
        const value = Reflect.get(target, name, target)
        return typeof value === 'function' ? value.bind(target) : value
      },
    })
    const backend = new Proxy(bound, {
      get: (target, name) => Reflect.get(faults, name) ?? Reflect.get(target, name),
    })
    const listen = { host: '127.0.0.1', port: 0 }
    const server = await startServer({ listen, backend, namespace: 'rdv', token })
    ending.push(
      () => memory.close(),
      () => server.drain(),
    )
    return server.url
  }

  const connect = async (url: string, env: NodeJS.ProcessEnv = {}): Promise<Backend> => {
    const client = await open(url, { env, callLimit: 1_000 })
    ending.push(() => client.close())
    return client
  }

  const greeting = async (protocol: number) => {
    const epoch = { 'rdv-epoch': 'e' }
    const body = JSON.stringify({ ok: true, protocol, version: '9', epoch: 'e', traits: {} })
    return other((_, response) => response.writeHead(200, epoch).end(body))
  }

  test('finds nothing where nothing listens, and may try again', async () => {
    const [port] = await freePorts(1)
    await expect(connect(`http://127.0.0.1:${port}`)).rejects.toMatchObject({
      kind: 'unavailable',
      retryable: true,
      message: `http://127.0.0.1:${port} is unreachable: connection refused`,
    })
  })

  test('tells another program from a rendezvous server', async () => {
    const url = await other((_, response) => response.end('hello'))
    await expect(connect(url)).rejects.toMatchObject({
      kind: 'unavailable',
      retryable: false,
      message: `${url} is not a rendezvous server, it answers with status 200`,
    })
  })

  test('waits for the server behind a proxy', async () => {
    const url = await other((_, response) => response.writeHead(502).end('<html>Bad Gateway'))
    await expect(connect(url)).rejects.toMatchObject({ kind: 'unavailable', retryable: true })
  })

  test('says which side to update when the protocols differ', async () => {
    for (const [protocol, side] of [
      [3, 'this rdv'],
      [1, 'the server'],
    ] as const) {
      const url = await greeting(protocol)
      await expect(connect(url)).rejects.toMatchObject({
        kind: 'unavailable',
        retryable: false,
        message: `${url} speaks protocol ${protocol}, but this rdv speaks protocol 2: update ${side}`,
      })
    }
  })

  test('refuses URLs with more than a host, without repeating a password', async () => {
    for (const url of ['http://', 'http://h/path', 'http://h?x', 'http://h#x', 'http:// h']) {
      await expect(connect(url)).rejects.toThrow(UsageError)
    }
    const secret = connect('http://user:secret@h:1')
    await expect(secret).rejects.toThrow(UsageError)
    await expect(secret).rejects.not.toThrow(/secret/)
  })

  test('takes its token from a file, and complains about one that cannot be read', async () => {
    const url = await serving({}, 'right')
    const file = join(temporaryFolder('token'), 'token')
    writeFileSync(file, 'right\n')
    const client = await connect(url, { RDV_TOKEN_FILE: file })
    expect(await client.get(KEY)).toBeUndefined()
    await expect(connect(url, { RDV_TOKEN_FILE: `${file}-absent` })).rejects.toThrow(UsageError)
    await expect(connect(url, { RDV_TOKEN: 'two words' })).rejects.not.toThrow(/two words/)
  })

  test('gets the failures of the store behind the server as they are', async () => {
    const failures = [
      new LeaseGoneError('l'),
      new LostError('lost'),
      new UsageError('usage'),
      new ConflictError('conflict'),
      new NoError('no'),
      new IndeterminateError('indeterminate'),
      new UnavailableError('unavailable'),
      new UnavailableError('refused', { retryable: false }),
    ]
    for (const failure of failures) {
      const client = await connect(await serving({ commit: () => Promise.reject(failure) }))
      const error = await client.commit([], [put(KEY, 'x')]).catch((thrown) => thrown)
      expect(error.constructor).toBe(failure.constructor)
      expect({ ...error, message: error.message }).toEqual({ ...failure, message: failure.message })
    }
  })

  test('counts a write as Indeterminate when the server has failed in the middle of it', async () => {
    const bug = () => Promise.reject(new TypeError('a bug'))
    const client = await connect(await serving({ commit: bug, get: bug }))
    await expect(client.commit([], [put(KEY, 'x')])).rejects.toThrow(IndeterminateError)
    await expect(client.get(KEY)).rejects.toThrow(UnavailableError)
  })

  /** Starts a proxy that forwards all requests but writes. It answers writes itself. */
  const answeringWrites = async (answer: RequestListener): Promise<string> => {
    const url = await serving({})
    return other(async (request, response) => {
      if (request.method === 'POST') return answer(request, response)
      const behind = await fetch(url + request.url)
      response.writeHead(behind.status, Object.fromEntries(behind.headers))
      response.end(await behind.text())
    })
  }

  test('counts a write as Indeterminate when only a proxy answers, and sends it once', async () => {
    for (const status of [500, 502, 504, 200]) {
      let requests = 0
      const url = await answeringWrites((_, response) => {
        requests++
        response.writeHead(status).end('<html>')
      })
      const client = await connect(url)
      await expect(client.commit([], [put(KEY, 'x')])).rejects.toThrow(IndeterminateError)
      expect(requests).toBe(1)
    }
  })

  test('counts a write as Indeterminate when the connection is cut, or no answer comes', async () => {
    for (const answer of [(request) => request.socket.destroy(), () => {}] as RequestListener[]) {
      const client = await connect(await answeringWrites(answer))
      await expect(client.commit([], [put(KEY, 'x')])).rejects.toThrow(IndeterminateError)
    }
  })

  test('counts a write that a proxy refused as not made', async () => {
    const url = await answeringWrites((_, response) => response.writeHead(413).end('<html>'))
    const client = await connect(url)
    await expect(client.commit([], [put(KEY, 'x')])).rejects.toMatchObject({
      kind: 'unavailable',
      retryable: false,
    })
  })

  test('sends nothing when it is cancelled before', async () => {
    const client = await connect(await serving({}))
    const reason = new Error('cancelled')
    const signal = AbortSignal.abort(reason)
    await expect(client.commit([], [put(KEY, 'x')], { signal })).rejects.toBe(reason)
    await expect(client.get(KEY, { signal })).rejects.toBe(reason)
    expect(await client.get(KEY)).toBeUndefined()
  })

  test('never hands its process to the server as the owner of a lease', async () => {
    const granted: unknown[] = []
    const grant: Backend['grant'] = async (ttl, options) => {
      granted.push(options)
      return { id: 'lease', ttl }
    }
    const client = await connect(await serving({ grant }))
    expect(client.traits.seesDeath).toBe(false)
    await client.grant(1_000, { owner: { pid: 1, startTime: '1', pidNamespace: '', bootId: '' } })
    expect(granted).toEqual([undefined])
  })

  test('reaches only keys of the form NAMESPACE/KIND/NAME', async () => {
    const memory = await openBackend('memory:', { env: {} })
    await memory.commit(
      [],
      [put('rdv/other/secret', 'x'), put('rdv/signal/k', 'x'), put('rdv/lock/k/s', 'x')],
    )
    const url = await serving({
      get: (key) => memory.get(key),
      list: (scope, options) => memory.list(scope, options),
      watch: (scope, signal) => memory.watch(scope, signal),
    })
    const client = await connect(url)
    const foreign = [
      'rdv/other/secret',
      '/rdv/signal/k',
      'rdv//signal/k',
      'signal/k',
      'rdv/signal/../k',
      'k',
    ]
    for (const key of [...foreign, `rdv/signal/${'x'.repeat(1_024)}`]) {
      await expect(client.get(key)).rejects.toThrow(UsageError)
      await expect(client.commit([], [put(key, 'x')])).rejects.toThrow(UsageError)
      await expect(client.list(key)).rejects.toThrow(UsageError)
    }
    await expect(client.list('rdv/other')).rejects.toThrow(UsageError)
    const keys = (await client.list('rdv/')).entries.map(({ key }) => key)
    expect(keys).toEqual(['rdv/lock/k/s', 'rdv/signal/k'])
    const last = await client.list('rdv/', { after: 'rdv/lock/k/s', limit: 1 })
    expect(last.entries.map(({ key }) => key)).toEqual(['rdv/signal/k'])
    const stop = new AbortController()
    for await (const event of client.watch('rdv/', stop.signal)) {
      expect(event).toMatchObject({
        kind: 'snapshot',
        entries: [{ key: 'rdv/lock/k/s' }, { key: 'rdv/signal/k' }],
      })
      break
    }
    stop.abort()
    await memory.close()
  })

  test('leaves a watch on the old store as soon as it hears of a new one', async () => {
    const epochs = ['old', 'old', 'new']
    let watches = 0
    const url = await other((request, response) => {
      const epoch = epochs.shift() ?? 'new'
      const watching = request.url?.includes('/watch')
      response.writeHead(200, { 'rdv-epoch': epoch })
      if (!watching) return response.end('{"ok":true,"protocol":2,"traits":{}}')
      response.write(`{"kind":"snapshot","entries":[],"revision":${++watches}}\n`)
    })
    const client = await connect(url)
    const stop = new AbortController()
    const revisions: unknown[] = []
    for await (const event of client.watch('rdv/signal/', stop.signal)) {
      revisions.push(event.kind === 'snapshot' ? event.revision : event.kind)
      if (revisions.length === 1) await client.get(KEY)
      if (event.kind === 'snapshot' && event.reset) break
    }
    expect(revisions).toEqual([1, 'interrupted', 2])
  })

  test('ends its watches and calls when it is closed', async () => {
    const client = await connect(await serving({}))
    const watch = client.watch('rdv/signal/', new AbortController().signal)
    const ended = (async () => {
      for await (const _ of watch) void client.close()
    })()
    await expect(ended).rejects.toThrow(LostError)
    await expect(client.get(KEY)).rejects.toMatchObject({ kind: 'unavailable', retryable: false })
  })
})
