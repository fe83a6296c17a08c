import { mkdirSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { splitAtCommand } from '../../src/cli/argv.ts'
import { startFront } from '../services/front.ts'
import { freePorts } from '../services/ports.ts'
import { startProxy } from '../services/proxy.ts'
import { lines, Place } from './rdv.ts'
import { REMOTE_STORES, startMemoryServe } from './stores.ts'

const COMMANDS = [
  'signal k',
  'wait k',
  'list --watch',
  'elect e',
  'once o -- true',
  'barrier b --parties 2',
  'counter wait n --equals 1',
  'publish t m',
  'subscribe t',
  'pipe receive p --group g',
  'signal k --hold',
  'doctor',
]

const TRYING = /^rdv: still trying to reach the store: (.+)$/gm

/**
 * The reasons without those that only say that no reason is known yet. On a busy machine, that is also the first reason
 * for a refused connection.
 */
const known = (reasons: readonly (string | undefined)[]) =>
  reasons.filter((reason) => !reason?.endsWith('does not answer'))

/** The reasons that a command printed while it tried to reach the store until the deadline. */
const told = async (place: Place, line: string): Promise<(string | undefined)[]> => {
  const { own, command } = splitAtCommand(line.split(' '))
  const { code, stderr } = await place.rdv(
    ...own,
    ...['--timeout', '8s'],
    ...(command ? ['--', ...command] : []),
  )
  expect({ line, code }).toEqual({ line, code: 120 })
  return [...stderr.matchAll(TRYING)].map(([, reason]) => reason)
}

/** A file that another process is about to set up, so that it cannot be opened yet. */
const lockedStore = () => {
  const place = new Place()
  mkdirSync(place.directory)
  const database = new DatabaseSync(place.file)
  database.exec('PRAGMA journal_mode = WAL; BEGIN IMMEDIATE')
  return { place, database }
}

describe.concurrent('a command that cannot reach its store says after a while that it still tries', () => {
  let silent: Server
  beforeAll(async () => {
    silent = createServer((socket) => socket.on('error', () => {}))
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
  })
  afterAll(() => void silent.close())

  test.each(COMMANDS)('once: rdv %s', async (line) => {
    const [free] = await freePorts(1)
    const url = `http://127.0.0.1:${free}`
    const reasons = await told(new Place({ RDV_BACKEND: url }), line)
    expect(reasons.length).toBeGreaterThan(0)
    if (known(reasons).length > 0)
      expect(known(reasons)).toEqual([`${url} is unreachable: connection refused`])
  })

  test.each(['http', 'etcd', 'consul'])('where nothing answers, on %s', async (scheme) => {
    const url = `${scheme}://127.0.0.1:${(silent.address() as { port: number }).port}`
    const tell = (line: string) => told(new Place({ RDV_BACKEND: url }), line)
    for (const reasons of await Promise.all(['signal k', 'wait k', 'lock l -- true'].map(tell)))
      expect(reasons).toEqual([`${url} does not answer`])
  })

  test.each(['signal k', 'wait k', 'lock l -- true'])('with the reason: rdv %s', async (line) => {
    const { place, database } = lockedStore()
    expect(await told(place, line)).toEqual([`${place.file} is locked by another process`])
    database.close()
  })

  test('also one that waits without a limit', async () => {
    const { place, database } = lockedStore()
    const waiting = place.start('wait', 'k', '--timeout', '0')
    await waiting.says(/still trying to reach the store/)
    database.close()
    await place.rdv('signal', 'k')
    expect(await waiting.ended).toMatchObject({ code: 0 })
  })

  test('once, though its write was cut off and is looked up again', async () => {
    const server = await startMemoryServe()
    const proxy = await startProxy(server)
    const place = new Place({ RDV_BACKEND: proxy.url('http') })
    const swallowed = proxy.dropReplies()
    const writing = place.start('signal', 'k', '--timeout', '1m')
    await swallowed
    await writing.says(/still trying to reach the store/)
    proxy.refuse()
    await proxy.accept()
    const { code, stderr } = await writing.ended
    const reasons = [...stderr.matchAll(TRYING)].map(([, reason]) => reason)
    expect({ code, repeated: reasons.length - new Set(reasons).size }).toEqual({
      code: 0,
      repeated: 0,
    })
    await proxy.stop()
    await server.stop()
  })

  test('and serve', async () => {
    const { place, database } = lockedStore()
    const running = place.start('serve', '--listen', '127.0.0.1:0', '--data-dir', place.directory)
    await running.says(/still trying to reach the store.*locked by another process/)
    database.close()
    await running.says(/listening on/)
    running.kill('SIGTERM')
    expect(await running.ended).toMatchObject({ code: 0 })
  })

  test('and serve, which ends at once when it is told to', async () => {
    const { place, database } = lockedStore()
    const running = place.start('serve', '--listen', '127.0.0.1:0', '--data-dir', place.directory)
    await running.says(/still trying/)
    running.kill('SIGTERM')
    expect(await running.ended).toMatchObject({ code: 143 })
    database.close()
  })

  test('but not with --quiet', async () => {
    const { place, database } = lockedStore()
    const { code, stderr } = await place.rdv('signal', 'k', '--timeout', '8s', '--quiet')
    expect({ code, stderr }).toEqual({ code: 120, stderr: expect.not.stringContaining('trying') })
    database.close()
  })

  test('and not of a probe that takes long', async () => {
    const { code, stderr } = await new Place().rdv('wait', 'exec:sleep 3', '--timeout', '1m')
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.not.stringContaining('trying') })
  })
})

describe.concurrent('a command that waits says so when its store goes away', () => {
  test.each(REMOTE_STORES.map(({ scheme, start: begin }) => ({ scheme, begin })))(
    'once each time, on $scheme',
    async ({ begin }) => {
      const store = await begin()
      const place = new Place({ RDV_BACKEND: store.url })
      const waiting = place.start('wait', 'k', '--timeout', '0')
      await waiting.says(/waiting for k \(not signalled\)/)
      const subscriber = place.start('subscribe', 't', '--count', '1')
      await subscriber.says(/subscribed/)
      store.freeze()
      for (const running of [waiting, subscriber]) await running.says(/still trying to reach/)
      store.thaw()
      await place.rdv('signal', 'k', '--timeout', '1m')
      await place.rdv('publish', 't', 'm', '--timeout', '1m')
      for (const running of [waiting, subscriber]) {
        const { code, stderr } = await running.ended
        expect(code).toBe(0)
        const reasons = [...stderr.matchAll(TRYING)].map(([, reason]) => reason)
        expect(reasons).toHaveLength(new Set(reasons).size)
        // The other line, about the target, does not report the outage again.
        const others = lines(stderr).filter((line) => line.startsWith('rdv: waiting for'))
        expect(others.length).toBe(new Set(others).size)
        expect(others.join()).not.toContain('://')
      }
      await store.stop()
    },
  )

  test('and each new reason of it, once', async () => {
    const server = await startMemoryServe()
    const proxy = await startProxy(server)
    const front = await startFront(proxy)
    const place = new Place({ RDV_BACKEND: front.url('http') })
    front.answer(/./, { status: 503, carriedOut: false })
    const waiting = place.start('wait', 'k', '--timeout', '0')
    await waiting.says(/still trying to reach the store: .*503/)
    front.answer(/./, { status: 429, carriedOut: false })
    await waiting.says(/still trying to reach the store: .*429/)
    front.answer(/./, { status: 503, carriedOut: false })
    proxy.refuse()
    front.answer(/./, undefined)
    await waiting.says(/still trying to reach the store: .*connection closed/)
    await proxy.accept()
    await place.rdv('signal', 'k', '--timeout', '1m')
    const { code, stderr } = await waiting.ended
    const reasons = [...stderr.matchAll(TRYING)].map(([, reason]) => reason)
    expect({ code, reasons: known(reasons) }).toEqual({
      code: 0,
      reasons: [
        expect.stringContaining('503'),
        expect.stringContaining('429'),
        expect.stringContaining('connection closed'),
      ],
    })
    await front.stop()
    await proxy.stop()
    await server.stop()
  })

  test('and not of a store that has nothing to tell', async () => {
    const server = await startMemoryServe()
    const place = new Place({ RDV_BACKEND: server.url })
    const { code, stderr } = await place.rdv('wait', 'k', '--timeout', '8s')
    expect({ code, stderr }).toEqual({ code: 124, stderr: expect.not.stringContaining('trying') })
    await server.stop()
  })
})
