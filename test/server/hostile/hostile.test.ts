import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Backend } from '../../../src/backends/backend.ts'
import { openBackend } from '../../../src/backends/open.ts'
import { put } from '../../../src/backends/operations.ts'
import { startRdvServe } from '../../commands/stores.ts'
import type { Service } from '../../services/service.ts'
import { temporaryFolder } from '../../services/watchdog.ts'
import { sendRaw } from '../raw.ts'
import { type Neighbour, neighbour } from './neighbour.ts'
import { residentOf } from './process.ts'
import { HOSTILE, TOKENS } from './requests.ts'

/**
 * Kilobytes by which a server may grow during all requests: the modules that it loads first, and memory that its
 * garbage collector has not freed yet.
 */
const GROWTH = 120_000

describe('a hostile request', () => {
  let server: Service
  let client: Backend
  let other: Neighbour
  let before: number

  const everything = async () => (await client.list('rdv/')).entries

  beforeAll(async () => {
    const file = join(temporaryFolder('tokens'), 'tokens')
    const { all, read, signal } = TOKENS
    writeFileSync(file, `${all}\nread ${read}\nsignal ${signal}\n`, { mode: 0o600 })
    server = await startRdvServe(
      ...['--token-file', file, '--client-timeout', '1s', '--allow-host', 'rendezvous.example'],
      ...['--allow-probe', '*.svc:5432', '--allow-probe', '169.254.0.0/16:80'],
      ...['--allow-probe', '[::/0]:80', '--allow-probe', '0.0.0.0/0:80'],
    )
    client = await openBackend(server.url, { env: { RDV_TOKEN: all } })
    await client.commit([], [put('rdv/signal/alive', 'ready'), put('rdv/counter/c', '41')])
    other = neighbour(`${server.url}/alive`, '-H', `authorization: Bearer ${all}`)
    before = residentOf(server.pid)
  })
  afterAll(async () => {
    await client.close()
    await server.stop()
  })

  test('is one of at least forty', () => {
    expect(HOSTILE.length).toBeGreaterThanOrEqual(40)
    expect(new Set(HOSTILE.map(({ send, more }) => send + more)).size).toBe(HOSTILE.length)
  })

  test.concurrent.each(HOSTILE)('is refused: $name', async ({ send, more, status }) => {
    const answer = await sendRaw(server.port, Buffer.from(send, 'latin1'), more)
    expect(answer).toMatchObject({ status, body: { ok: false, error: expect.any(String) } })
    const { error } = answer.body as { error: string }
    expect(error).not.toMatch(/[\p{Cc}]|\bat .*:\d+:\d+/u)
    expect(error.length).toBeLessThan(400)
    expect(error).not.toContain(TOKENS.all)
  })

  test('changes nothing', async () => {
    const entries = await everything()
    expect(entries.map(({ key, value }) => [key, Buffer.from(value).toString()])).toEqual([
      ['rdv/counter/c', '41'],
      ['rdv/signal/alive', 'ready'],
    ])
    expect(new Set(entries.map(({ modRevision }) => modRevision)).size).toBe(1)
  })

  test('does not keep others from being served, and leaves memory as it was', async () => {
    expect(await other.stop()).toEqual(new Set([200]))
    expect(residentOf(server.pid) - before).toBeLessThan(GROWTH)
  })
})
