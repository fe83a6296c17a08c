import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openBackend } from '../../src/backends/open.ts'
import { Hold } from '../../src/recipes/hold.ts'
import { signal } from '../../src/recipes/signal.ts'
import { curl, untilHome, untilWaiting } from './curl.ts'
import { startServe } from './fixtures/serve-process.ts'

const page = readFileSync(join(import.meta.dirname, '../../docs/metrics.md'), 'utf8')

/** The values of the metrics, by name and labels. */
const metrics = async (url: string): Promise<Map<string, number>> => {
  const { body, headers } = await curl(`${url}/_metrics`)
  expect(headers['content-type']).toEqual([expect.stringMatching(/^text\/plain; version=0\.0\.4/)])
  const lines = String(body)
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
  return new Map(
    lines.map((line) => {
      const [, name = '', value] = /^(.+) (\S+)$/.exec(line) ?? []
      return [name, Number(value)]
    }),
  )
}

test('the metrics are those that the documentation lists, each with its type and labels', async () => {
  const server = await startServe({ store: 'memory' })
  await curl(`${server.url}/db?timeout=1ms`)
  await curl('-X', 'PUT', `${server.url}/db`)
  const { body } = await curl(`${server.url}/_metrics`)
  await server.stop()
  const types = [...String(body).matchAll(/^# TYPE (rendezvous_\S+) (\S+)$/gm)]
  const rows = [...page.matchAll(/^\| `(rendezvous_\S+)` \| (\w+) \|([^|]*)\|/gm)]
  expect(types.map(([, name, type]) => `${name} ${type}`).sort()).toEqual(
    rows.map(([, name, type]) => `${name} ${type}`).sort(),
  )
  for (const [, name, , labels = ''] of rows) {
    const listed = [...labels.matchAll(/`(\w+)`/g)].map(([, label]) => label)
    const [, served = ''] = new RegExp(`^${name}(?:\\{(.*)\\})? `, 'm').exec(String(body)) ?? []
    expect([...served.matchAll(/(\w+)=/g)].map(([, label]) => label)).toEqual(listed)
  }
  expect(String(body)).toMatch(/^process_resident_memory_bytes /m)
})

test('the metrics tell of waits, sessions, commits and requests, and never of keys', async () => {
  const server = await startServe({ store: 'memory' })
  const { url } = server
  const [released, going] = [curl(`${url}/secret-a`), curl(`${url}/secret-b`)]
  await untilWaiting(url, '/secret-a')
  await untilWaiting(url, '/secret-b')
  expect((await metrics(url)).get('rendezvous_waits_open')).toBe(2)
  await curl('-X', 'PUT', `${url}/secret-a`)
  await released
  going.child.kill('SIGKILL')
  await untilHome(url, (home) => !home.waiting_and_failed.includes('/secret-b'))
  await curl(`${url}/secret-c?timeout=1ms`)
  await curl('-X', 'BREW', `${url}/secret-d`)
  const namespace = { backend: await openBackend(url, { env: {} }), name: 'rdv' }
  const hold = await Hold.take(namespace, 'node1', 'ready')
  await signal(namespace, 'secret-e')
  const told = await metrics(url)
  await hold.release()
  await namespace.backend.close()
  expect(Object.fromEntries(told)).toMatchObject({
    'rendezvous_waits_total{outcome="released"}': 1,
    'rendezvous_waits_total{outcome="gone"}': 1,
    'rendezvous_waits_total{outcome="timeout"}': 1,
    rendezvous_wait_seconds_count: 3,
    rendezvous_waits_open: 0,
    rendezvous_sessions_granted_total: 1,
    rendezvous_sessions_open: 1,
    'rendezvous_commits_total{outcome="ok"}': 3,
    rendezvous_watch_lag_seconds_count: 3,
    'rendezvous_http_requests_total{method="PUT",route="/*",status="200"}': 1,
    'rendezvous_http_requests_total{method="GET",route="/*",status="404"}': 1,
  })
  expect([...told.keys()].join('\n')).not.toMatch(/secret|node1/)
  await server.stop()
})
