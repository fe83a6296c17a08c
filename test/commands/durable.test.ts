import { Agent, request } from 'node:http'
import { describe, expect, test } from 'vitest'
import { openBackend } from '../../src/backends/open.ts'
import { onTestFinished } from '../finished.ts'
import { curl } from '../server/curl.ts'
import type { Service } from '../services/service.ts'
import { Place } from './rdv.ts'
import { startMemoryServe, startRdvServe } from './stores.ts'

const WRITERS = 64

const begun = async (service: Promise<Service>): Promise<Service> => {
  const server = await service
  onTestFinished(() => server.stop())
  return server
}

describe.concurrent('a durable server', () => {
  test('that is killed in the middle of 5,000 acknowledged writes has all of them', async () => {
    const server = await begun(startRdvServe())
    const acknowledged: string[] = []
    for (const killAt of [1_000, 3_000, 5_000]) {
      await writeUntilKilled(server, acknowledged, killAt)
      await server.restart()
    }
    expect(acknowledged.length).toBeGreaterThanOrEqual(5_000)
    const store = await openBackend(server.url, { env: {} })
    const { entries } = await store.list('rdv/signal/')
    await store.close()
    const there = new Set(entries.map(({ key }) => key))
    expect(acknowledged.filter((key) => !there.has(`rdv/signal/${key}`))).toEqual([])
  })

  test('that is killed and started again within their TTLs keeps what processes hold', async () => {
    const server = await begun(startRdvServe())
    const place = new Place({ RDV_BACKEND: server.url })
    const untilGo = ['--', 'sh', '-c', 'echo up; rdv wait go --timeout 0 --quiet']
    const lock = place.start('lock', 'l', '--ttl', '10s', ...untilGo)
    const node = place.start('signal', 'node', 'busy', '--hold', '--ttl', '10s', ...untilGo)
    await Promise.all([lock.says(/up/), node.says(/up/)])
    const tokens = await held(server)
    await server.restart()
    // when this key has expired, every session that was not renewed has expired, too
    expect(await place.rdv('signal', 'clock', '--expire', '11s')).toMatchObject({ code: 0 })
    expect(await place.rdv('lock', 'l', '--try')).toMatchObject({ code: 1 })
    expect(await place.rdv('signal', 'node', '--hold')).toMatchObject({ code: 1 })
    await place.untilGone('clock')
    expect(await place.rdv('lock', 'l', '--try')).toMatchObject({ code: 1 })
    expect(await place.state('node')).toBe('busy')
    expect(await held(server)).toEqual(tokens)
    await place.rdv('signal', 'go')
    // on a slow machine it may also report that it tries to reach the store
    expect(await lock.ended).toMatchObject({
      code: 0,
      stderr: expect.not.stringMatching(/lost|again/),
    })
    expect(await node.ended).toMatchObject({ code: 0 })
    expect(await place.rdv('lock', 'l', '--try', '--', 'true')).toMatchObject({ code: 0 })
  })

  test('does not mind which store its clients are told of in the environment', async () => {
    const place = new Place({ RDV_BACKEND: 'http://127.0.0.1:1' })
    const serve = ['serve', '--listen', '127.0.0.1:0', '--data-dir', place.directory]
    await place.start(...serve).says(/listening on/)
    expect(await place.rdv(...serve, '--backend', 'etcd://127.0.0.1:1')).toMatchObject({
      code: 2,
      stderr: 'rdv: --data-dir and --backend exclude each other: leave out one of them\n',
    })
  })

  test('says so in its health', async () => {
    const server = await begun(startRdvServe())
    expect((await curl(`${server.url}/_health`)).body).toMatchObject({ durable: true })
  })
})

describe.concurrent('a server in memory', () => {
  test('says on its start and in its health that nothing lasts', async () => {
    const serving = new Place().start('serve', '--listen', '127.0.0.1:0')
    await serving.says(/all data is in memory and lost when the server ends; --data-dir keeps it/)
    const [, url] = await serving.says(/listening on (\S+)/)
    expect((await curl(`${url}/_health`)).body).toMatchObject({ durable: false })
  })

  test('that is started again is another store: what was held is lost', async () => {
    const server = await begun(startMemoryServe())
    const place = new Place({ RDV_BACKEND: server.url })
    const long = ['--', 'sh', '-c', 'echo up; sleep 300']
    const holders = [
      place.start('lock', 'l', ...long),
      place.start('elect', 'e', ...long),
      place.start('signal', 'node', '--hold', '--on-loss', 'stop', ...long),
    ]
    for (const holder of holders) await holder.says(/up/)
    await server.restart()
    for (const holder of holders) expect(await holder.ended).toMatchObject({ code: 121 })
  })

  test('nor does an old token count there: a newer one is greater', async () => {
    const server = await begun(startMemoryServe())
    const place = new Place({ RDV_BACKEND: server.url })
    const token = async () =>
      BigInt((await place.sh('rdv lock l -- sh -c \'echo "$RDV_FENCING_TOKEN"\'')).stdout)
    const before = await token()
    await server.restart()
    expect(await token()).toBeGreaterThan(before)
  })

  test('a wait goes on in the new store, and does not believe the old one', async () => {
    const server = await begun(startMemoryServe())
    const place = new Place({ RDV_BACKEND: server.url })
    await place.rdv('signal', 'nodes/1')
    const waiting = place.start('wait', 'nodes/', '--min', '2', '--timeout', '1m')
    await waiting.says(/waiting for nodes/)
    await server.restart()
    await place.rdv('signal', 'nodes/2')
    // with the keys of the old store, there would be two
    expect(await place.rdv('wait', 'nodes/', '--min', '2', '--once')).toMatchObject({ code: 1 })
    await place.rdv('signal', 'nodes/3')
    expect(await waiting.ended).toMatchObject({ code: 0 })
    expect((await place.rdv('list')).stdout).not.toMatch('nodes/1')
  })
})

/**
 * Many writers write at the same time, each over a connection of its own, until the server is killed. The keys of
 * acknowledged writes are recorded.
 */
const writeUntilKilled = async (
  server: Service,
  acknowledged: string[],
  killAt: number,
): Promise<void> => {
  const agent = new Agent({ keepAlive: true, maxSockets: WRITERS })
  let killed: Promise<void> | undefined
  const write = async (writer: number) => {
    for (let number = 0; ; number++) {
      const key = `writes/${killAt}-${writer}-${number}`
      if (!(await isAcknowledged(agent, `${server.url}/${key}`))) return
      acknowledged.push(key)
      if (acknowledged.length >= killAt) killed ??= server.kill()
    }
  }
  await Promise.all(Array.from({ length: WRITERS }, (_, writer) => write(writer)))
  await killed
  agent.destroy()
}

const isAcknowledged = (agent: Agent, url: string): Promise<boolean> =>
  new Promise((resolve) => {
    const writing = request(url, { method: 'PUT', agent }, (response) => {
      response.resume()
      response.once('end', () => resolve(response.statusCode === 200))
      response.once('error', () => resolve(false))
    })
    writing.once('error', () => resolve(false))
    writing.end()
  })

/** The held keys, and the revisions in which they were created. */
const held = async (server: Service): Promise<(readonly [string, number])[]> => {
  const store = await openBackend(server.url, { env: {} })
  const { entries } = await store.list('rdv/')
  await store.close()
  return entries
    .filter(({ key, lease }) => lease !== undefined && !/\/(clock|session\/.*)$/.test(key))
    .map(({ key, createRevision }) => [key, createRevision] as const)
}
