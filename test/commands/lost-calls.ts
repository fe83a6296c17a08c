import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { splitAtCommand } from '../../src/cli/argv.ts'
import { open } from '../../src/open.ts'
import type { Namespace } from '../../src/recipes/core/namespace.ts'
import { Counter } from '../../src/recipes/counter.ts'
import { list } from '../../src/recipes/list.ts'
import { send } from '../../src/recipes/pipe/send.ts'
import { signal } from '../../src/recipes/signal.ts'
import { status } from '../../src/recipes/status/status.ts'
import { publish } from '../../src/recipes/topic/publish.ts'
import { subscribe } from '../../src/recipes/topic/subscribe.ts'
import { WaitGroup } from '../../src/recipes/wait-group.ts'
import { onTestFinished } from '../finished.ts'
import { type Front, startFront } from '../services/front.ts'
import type { Lost } from '../services/loss.ts'
import type { Service } from '../services/service.ts'
import { Place } from './rdv.ts'
import type { RemoteStore } from './stores.ts'

/** A command that has its effect once, whichever of its calls is lost. */
interface Row {
  readonly line: string
  readonly stdin?: string
  /** Creates the state before the command. */
  readonly before?: (namespace: Namespace) => Promise<unknown>
  readonly prints?: string | RegExp
  /** The state after the command. */
  readonly left?: readonly [look: (namespace: Namespace) => Promise<unknown>, found: unknown]
  /** The calls that are lost, one in each run. Default: the calls that write. */
  readonly calls?: RegExp
}

/** The requests that write: of the server's protocol, of etcd's gateway and gRPC, and of Consul. */
const WRITES =
  /_rdv\/v1\/(commit|grant|renew|revoke|claim|release)$|[/.](kv\/txn|lease\/|KV\/Txn|Lease\/)|^PUT \/v1\//

const before = (namespace: Namespace) => signal(namespace, 'k', 'before')
const five = (namespace: Namespace) => new Counter(namespace, 'n').set(5n)
const work = (namespace: Namespace) => new WaitGroup(namespace, 'g').add(2n)

/** Begins to send, without waiting. The sender ends when its message was received. */
const sending = async (namespace: Namespace) =>
  void send(namespace, 'p', [Buffer.from('one')], { groups: ['g'] })

const states = async (namespace: Namespace) =>
  (await list(namespace)).map(({ key, state }) => `${key}=${state}`)
const counted = async (namespace: Namespace) => Number(await new Counter(namespace, 'n').get())
const all = async (namespace: Namespace) =>
  (await status(namespace)).map(({ name, state }) => `${name} ${state}`)

const messages = async (namespace: Namespace) => {
  await publish(namespace, 't', ['end'])
  const found: string[] = []
  for await (const { data } of subscribe(namespace, 't', { from: 'start' })) {
    const text = Buffer.from(data).toString()
    if (text === 'end') break
    found.push(text)
  }
  return found
}

const next = async (namespace: Namespace) => {
  const subscriber = subscribe(namespace, 't', { as: 's' })
  const { value } = await subscriber.next()
  await subscriber.return(undefined as never)
  return Buffer.from(value.data).toString()
}

const ran = { prints: 'ran\n', left: [all, []] } as const
const done = { prints: 'ran\n', left: [all, [expect.stringMatching(/^o done/)]] } as const

const ROWS: readonly Row[] = [
  { line: 'signal k s', before, left: [states, ['k=s']] },
  { line: 'signal k s --expire 1m', left: [states, ['k=s']] },
  { line: 'signal k s --hold -- echo ran', ...ran },
  {
    line: 'signal k s --hold --on-success done -- echo ran',
    prints: 'ran\n',
    left: [states, ['k=done']],
  },
  { line: 'signal k s --hold --states-from -', stdin: 'one\ntwo\n', left: [all, []] },
  { line: 'wait k --state before --announce', before, left: [states, ['k=before']] },
  { line: 'get k', before, prints: 'before\n', calls: /./ },
  { line: 'clear k', before, left: [states, []] },
  {
    line: 'clear k/ --recursive',
    before: (namespace) => signal(namespace, 'k/1'),
    left: [states, []],
  },
  { line: 'clear n --all', before: five, left: [all, []] },
  { line: 'list', before, prints: /^k\tbefore\t/, calls: /./ },
  { line: 'elect e -- echo ran', ...ran },
  { line: 'elect e --try -- echo ran', ...ran },
  { line: 'leader e', calls: /./ },
  { line: 'lock l -- echo ran', ...ran },
  { line: 'lock l --try -- echo ran', ...ran },
  { line: 'lock l --slots 2 -- echo ran', ...ran },
  { line: 'once o -- echo ran', ...done },
  { line: 'once o --expire 1m -- echo ran', ...done },
  { line: 'counter get n', before: five, prints: '5\n', calls: /./ },
  { line: 'counter inc n', prints: '1\n', left: [counted, 1] },
  { line: 'counter dec n --idempotency-key i', before: five, prints: '4\n', left: [counted, 4] },
  { line: 'counter set n 7 --if-equals 5', before: five, prints: '7\n', left: [counted, 7] },
  { line: 'counter wait n --equals 5', before: five, prints: '5\n', calls: /./ },
  { line: 'waitgroup add g 2', prints: '2\n', left: [all, ['g pending=2 added=2']] },
  { line: 'waitgroup done g', before: work, prints: '1\n', left: [all, ['g pending=1 added=2']] },
  { line: 'barrier b --parties 1', prints: '0\n' },
  { line: 'publish t one two', left: [messages, ['one', 'two']] },
  { line: 'publish t -', stdin: 'one\ntwo\n', left: [messages, ['one', 'two']] },
  {
    line: 'subscribe t --from start --count 2 --as s',
    before: (namespace) => publish(namespace, 't', ['one', 'two', 'three']),
    prints: 'one\ntwo\n',
    left: [next, 'three'],
  },
  { line: 'pipe send p --drop', stdin: 'one\n', left: [all, []] },
  { line: 'pipe receive p --group g', before: sending, prints: 'one\n' },
  { line: 'id', prints: /^\d+\n$/ },
  { line: 'status', before: five, prints: /^counter\tn\t5/, calls: /./ },
  {
    line: 'doctor',
    prints: /^verdict\tworks\n/,
    calls: /diagnose|maintenance|agent|status|Status/,
  },
]

/** Checks every command while one of its calls, or the answer to one, is lost. */
export const lostCalls = ({ scheme, start }: RemoteStore): void => {
  describe(`on ${scheme}://, where one call or its answer is lost`, () => {
    let store: Service
    let direct: Namespace
    let runs = 0

    beforeAll(async () => {
      store = await start()
      direct = await open(store.url, { env: {} })
    })
    afterAll(async () => {
      await direct.backend.close()
      await store.stop()
    })

    const run = async (front: Front, row: Row, nth: number, what: Lost) => {
      const namespace = { ...direct, name: `run-${++runs}` }
      await row.before?.(namespace)
      const place = new Place({ RDV_BACKEND: front.url(scheme), RDV_NAMESPACE: namespace.name })
      const { own, command } = splitAtCommand(row.line.split(' '))
      front.loss.plan(row.calls ?? WRITES, nth, what)
      const running = place.startWithInput(...own, ...(command ? ['--', ...command] : []))
      running.stdin.end(row.stdin)
      const { code, stdout, stderr } = await running.ended
      const { lost } = front.loss
      return { what, lost, code, stdout, stderr, left: await row.left?.[0](namespace) }
    }

    test.concurrent.each(ROWS)('rdv $line', async (row) => {
      const front = await startFront(store)
      onTestFinished(() => front.stop())
      const { prints = '', left } = row
      const wanted = typeof prints === 'string' ? prints : expect.stringMatching(prints)
      const code = row.line.startsWith('leader') ? 1 : 0
      const loses = async (what: Lost, nth: number): Promise<boolean> => {
        const found = await run(front, row, nth, what)
        expect(found, found.stderr).toMatchObject({ code, stdout: wanted, left: left?.[1] })
        return found.lost !== undefined
      }
      let calls = 0
      while (await loses('request', calls + 1)) calls++
      for (let nth = 1; nth <= calls; nth++) await loses('answer', nth)
    })
  })
}
