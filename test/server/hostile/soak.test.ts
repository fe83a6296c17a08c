import { Agent, type IncomingMessage, request } from 'node:http'
import { expect, onTestFinished, test } from 'vitest'
import { startRdvServeIn } from '../../commands/stores.ts'
import type { Service } from '../../services/service.ts'
import { sendRaw } from '../raw.ts'
import { residentOf } from './process.ts'
import { HOSTILE } from './requests.ts'

/** The seed makes the requests the same each time, so that a failure can be reproduced. */
const SEED = 20_261_120
const REQUESTS = 10_000
const AT_ONCE = 16

/**
 * In a large heap, a garbage collector does not collect. A small heap shows the memory that stays in use, and a leak
 * ends the server.
 */
const SMALL_HEAP = '--max-old-space-size=64'

const SAMPLES = 20

/** mulberry32, by Tommy Ettinger: in the public domain. */
const randomFrom = (seed: number) => (): number => {
  seed = (seed + 0x6d2b79f5) | 0
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed)
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
}

interface Call {
  readonly method: string
  readonly path: string
  readonly body?: object
  /** Whether the client disconnects in the middle. */
  readonly leaves?: boolean
}

const random = randomFrom(SEED)
const below = (limit: number): number => Math.floor(random() * limit)
const pick = <T>(all: readonly T[]): T => all[below(all.length)] as T

const key = () => `${pick(['a', 'b', 'deploy'])}/${below(100)}`
const call = (operation: string, body: object): Call => ({
  method: 'POST',
  path: `/_rdv/v1/${operation}`,
  body,
})

const CALLS: readonly (() => Call)[] = [
  () => ({ method: 'PUT', path: `/${key()}?state=${pick(['ready', 'busy'])}` }),
  () => ({ method: 'POST', path: `/${key()}?expire=${pick(['1s', '2s'])}` }),
  () => ({ method: 'DELETE', path: `/${key()}` }),
  () => ({ method: 'GET', path: `/${key()}?timeout=${1 + below(30)}ms` }),
  () => ({ method: 'GET', path: `/never${below(1_000_000)}?timeout=1ms` }),
  () => ({ method: 'GET', path: `/deploy/?min=${below(200)}&timeout=5ms` }),
  () => ({ method: 'GET', path: `/${key()}?state=never&timeout=0`, leaves: true }),
  () => ({ method: 'GET', path: '/_rdv/v1/watch?scope=rdv/signal/', leaves: true }),
  () => ({ method: 'GET', path: '/' }),
  () => ({ method: 'GET', path: `/_port/127.0.0.1/1?timeout=${1 + below(20)}ms` }),
  () => call('get', { key: `rdv/signal/${key()}` }),
  () => call('list', { scope: 'rdv/signal/', limit: 1 + below(50) }),
  () => call('grant', { ttl: 1_000 }),
  () => call('renew', { id: String(random()) }),
  () => call('commit', { guards: [], writes: [{ kind: 'delete', key: `rdv/signal/${key()}` }] }),
  () => call('commit', { guards: pick([[], {}, [[]], 'x']), writes: random() }),
]

/** The requests that a server without a token answers at once. */
const QUICK = HOSTILE.filter(
  ({ status, more }) => ![401, 403, 408].includes(status) && more === undefined,
)

const perform = ({ port }: Service, agent: Agent, { method, path, body, leaves }: Call) =>
  new Promise<number>((resolve) => {
    const headers = { ...(body && { 'content-type': 'application/json' }) }
    const options = { host: '127.0.0.1', port, method, path, headers, agent }
    const sent = request(options, (response: IncomingMessage) => {
      if (leaves) sent.destroy()
      response.on('error', () => {}).on('close', () => resolve(response.statusCode ?? 0))
      response.resume()
    })
    sent.on('error', () => resolve(0)).end(body && JSON.stringify(body))
    if (leaves) setTimeout(() => sent.destroy(), below(20))
  })

test(`${REQUESTS} random requests (seed ${SEED}) leave memory as it was`, async () => {
  const server = await startRdvServeIn({ NODE_OPTIONS: SMALL_HEAP })
  onTestFinished(() => server.stop())
  const agent = new Agent({ keepAlive: true, maxSockets: 2 * AT_ONCE })
  onTestFinished(() => agent.destroy())
  const samples: number[] = []
  const statuses = new Map<number, number>()
  let left = REQUESTS
  const one = async () => {
    if (random() < 0.1) return (await sendRaw(server.port, pick(QUICK).send)).status
    return perform(server, agent, pick(CALLS)())
  }
  const client = async () => {
    while (left-- > 0) {
      const status = await one()
      statuses.set(status, (statuses.get(status) ?? 0) + 1)
      if (left % (REQUESTS / SAMPLES) === 0) samples.push(residentOf(server.pid))
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, client))

  const told = { statuses: Object.fromEntries(statuses), samples }
  expect(
    [...statuses.keys()].filter((status) => status >= 500),
    JSON.stringify(told),
  ).toEqual([])
  expect(statuses.get(200) ?? 0).toBeGreaterThan(REQUESTS / 4)
  // the minimum over a while, because memory that is not collected yet does not count
  const [warm, last] = [samples.slice(8, 12), samples.slice(-4)].map((some) => Math.min(...some))
  expect(last, JSON.stringify(told)).toBeLessThan((warm ?? 0) * 1.15 + 10_000)
  expect(residentOf(server.pid)).toBeGreaterThan(0)
}, 900_000)
