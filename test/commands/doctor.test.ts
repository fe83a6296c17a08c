import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, test } from 'vitest'
import { startEtcd } from '../services/etcd.ts'
import { freePorts } from '../services/ports.ts'
import { temporaryFolder } from '../services/watchdog.ts'
import { HUMBLE } from './humble.ts'
import { Place } from './rdv.ts'
import { startRdvServe } from './stores.ts'

describe('doctor', () => {
  test('tells address, version, speed and traits', async () => {
    const place = new Place()
    const { code, stdout, stderr } = await place.rdv('doctor')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const facts = new Map(
      stdout
        .trimEnd()
        .split('\n')
        .map((line) => line.split('\t') as [string, string]),
    )
    expect(facts.get('verdict')).toBe('works')
    expect(facts.get('address')).toBe(`sqlite://${place.file}`)
    expect(facts.get('version')).toMatch(/^SQLite 3\./)
    expect(facts.get('read latency')).toMatch(/^\d+\.\d\d ms$/)
    expect(facts.get('reach')).toBe('one machine')
    expect(facts.get('default TTL')).toBe('15 s')
    // a file has no outages
    expect(stdout).not.toContain('outage')
  })

  test('as JSON is one object', async () => {
    const place = new Place()
    const { stdout } = await place.rdv('doctor', '--json')
    expect(JSON.parse(stdout)).toMatchObject({
      ok: true,
      verdict: 'fine',
      address: `sqlite://${place.file}`,
      traits: { name: 'sqlite', seesDeath: true },
      warnings: [],
    })
  })

  test('tells how long a store behind a network may be away', async () => {
    const server = await startRdvServe()
    const place = new Place({ RDV_BACKEND: server.url })
    expect((await place.rdv('doctor')).stdout).toMatch(
      /^outage survived with the default TTL\t10\.4 s$/m,
    )
    const { outage, traits } = JSON.parse((await place.rdv('doctor', '--json')).stdout)
    expect({ outage, ttl: traits.defaultTtl }).toEqual({ outage: expect.any(Number), ttl: 15_000 })
    await server.stop()
  })

  test('leaves nothing in the store', async () => {
    const place = new Place()
    await place.rdv('doctor')
    const database = new DatabaseSync(place.file)
    const count = (table: string) => database.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.n
    expect({ entries: count('entry'), leases: count('lease') }).toEqual({ entries: 0, leases: 0 })
    database.close()
  })

  test('is 120 where the store cannot be reached, and says so as JSON too', async () => {
    const place = new Place({ RDV_BACKEND: 'sqlite:///dev/null/x' })
    const { code, stdout, stderr } = await place.rdv('doctor')
    expect({ code, stdout }).toEqual({ code: 120, stdout: '' })
    expect(stderr).toMatch(/^rdv: the store does not work: .*\/dev\/null cannot be created/)
    const json = await place.rdv('doctor', '--json')
    expect(json.code).toBe(120)
    expect(JSON.parse(json.stdout)).toMatchObject({
      ok: false,
      verdict: 'unusable',
      error: 'unavailable',
      exitCode: 120,
    })
  })

  test('is 120 where the store can only be read', async () => {
    const place = new Place()
    await place.rdv('signal', 'k')
    chmodSync(place.file, 0o444)
    chmodSync(place.directory, 0o555)
    const { code, stdout, stderr } = await place.sh(`exec ${HUMBLE} rdv doctor`)
    chmodSync(place.directory, 0o700)
    expect({ code, stdout }).toEqual({ code: 120, stdout: '' })
    expect(stderr).toContain(`rdv: the store does not work: ${place.file} cannot be written`)
  })

  test('is 1 where it works and something is known to be wrong, which it says', async () => {
    const etcd = await startEtcd()
    const [nobody] = await freePorts(1)
    const place = new Place({ RDV_BACKEND: `${etcd.url},127.0.0.1:${nobody}` })
    const { code, stdout, stderr } = await place.rdv('doctor')
    expect(code).toBe(1)
    expect(stdout).toMatch(/^verdict\tworks, with warnings$/m)
    expect(stderr).toMatch(/^rdv: warning: 127\.0\.0\.1:\d+ does not answer/m)
    const json = await place.rdv('doctor', '--json', '--exit-codes', 'no=42')
    expect(json.code).toBe(42)
    expect(JSON.parse(json.stdout)).toMatchObject({
      ok: false,
      verdict: 'warnings',
      warnings: [expect.stringContaining('does not answer')],
    })
    await etcd.stop()
  })

  test('is 1 with a token that may do all but ask for the health of the server', async () => {
    const file = join(temporaryFolder('tokens'), 'tokens')
    writeFileSync(file, 'read,signal 94a8f1e6c07d4a3d90\n', { mode: 0o600 })
    const server = await startRdvServe('--token-file', file)
    const place = new Place({ RDV_BACKEND: server.url, RDV_TOKEN: '94a8f1e6c07d4a3d90' })
    const { code, stderr } = await place.rdv('doctor')
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringMatching(
        /^rdv: warning: the version and the health of the store are unknown: /,
      ),
    })
    await server.stop()
  })
})
