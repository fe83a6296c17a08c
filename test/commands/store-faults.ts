import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { gone } from '../child/harness.ts'
import { onTestFinished } from '../finished.ts'
import { startProxy, type TcpProxy } from '../services/proxy.ts'
import type { Service } from '../services/service.ts'
import { Observer } from './observer.ts'
import { lines, Place, type Running } from './rdv.ts'
import type { RemoteStore } from './stores.ts'
import { LATE, timed } from './timed.ts'

/** Starts a store for the cases of one part. */
const startedFor = (start: RemoteStore['start']) => {
  let store: Service
  let direct: Place
  beforeAll(async () => {
    store = await start()
    direct = new Place({ RDV_BACKEND: store.url })
  })
  afterAll(() => store.stop())
  return {
    get store() {
      return store
    },
    get direct() {
      return direct
    },
  }
}

/** Checks commands while a store fails, with real processes and with a proxy that cuts connections. */
export const storeFaults = ({ scheme, start }: RemoteStore): void => {
  describe(`a store at ${scheme}:// that fails`, () => {
    const on = startedFor(start)

    test('a wait goes on across a store that is killed and started again', async () => {
      const key = 'restarted'
      const waiting = on.direct.start('wait', key, `${key}-group/`, '--timeout', '1m')
      await waiting.says(/waiting for restarted \(not signalled\), restarted-group/)
      await on.direct.rdv('signal', `${key}-group/1`)
      await waiting.says(/waiting for restarted \(not signalled\)\n/)
      await on.store.restart()
      expect(await on.direct.rdv('signal', key, '--timeout', '1m')).toMatchObject({ code: 0 })
      expect(await waiting.ended).toMatchObject({ code: 0 })
    })

    test('a wait whose store is frozen ends with 120, soon after the deadline', async () => {
      const waiting = on.direct.start('wait', 'frozen', '--timeout', '4s')
      await waiting.says(/waiting for frozen/)
      on.store.freeze()
      const started = performance.now()
      try {
        const { code, stderr } = await waiting.ended
        expect(code).toBe(120)
        expect(lines(stderr).at(-1)).toMatch(/(does|did) not answer/)
        expect(performance.now() - started).toBeLessThan(4_000 + LATE)
      } finally {
        on.store.thaw()
      }
    })

    // retried because it measures the wall clock, and other processes may use the machine at that moment
    test.each([
      'get k',
      'wait k',
      'wait k --once',
      'list',
      'doctor',
      'signal k',
      'signal k --hold',
    ])('of a frozen store rdv %s is 120, soon after the deadline', { retry: 1 }, async (line) => {
      on.store.freeze()
      try {
        const own = line.split(' ')
        const { code, stdout, took } = await timed(on.direct, ...own, '--timeout', '1s', '--quiet')
        expect({ code, stdout }).toEqual({ code: 120, stdout: '' })
        expect(took).toBeLessThan(1_000 + LATE)
      } finally {
        on.store.thaw()
      }
    })
  })

  describe.concurrent(`a store at ${scheme}:// that is cut off`, () => {
    const on = startedFor(start)

    /** A proxy to the store that only one case uses. */
    const link = async () => {
      const proxy = await startProxy(on.store)
      onTestFinished(() => proxy.stop())
      const url = on.store.url.replace(/:\d+$/, `:${proxy.port}`)
      return { proxy, remote: new Place({ RDV_BACKEND: url }) }
    }

    test('a wait is woken by what was signalled while its connection was cut', async () => {
      const { proxy, remote } = await link()
      const waiting = remote.start('wait', 'cut', '--timeout', '1m')
      await waiting.says(/waiting for cut \(not signalled\)/)
      proxy.refuse()
      await on.direct.rdv('signal', 'cut')
      await proxy.accept()
      expect(await waiting.ended).toMatchObject({ code: 0 })
    })

    test('a holder whose new state is on its way ends when it is told to, within its deadline', async () => {
      const { proxy, remote } = await link()
      const holding = remote.startWithInput(
        'signal',
        'told',
        '--hold',
        '--states-from',
        '-',
        '--timeout',
        '6s',
      )
      const observer = on.direct.start('wait', 'told', '--timeout', '1m')
      expect(await observer.ended).toMatchObject({ code: 0 })
      proxy.pause()
      try {
        holding.stdin.write('next\n')
        holding.kill('SIGTERM')
        expect((await holding.ended).code).toBeGreaterThanOrEqual(120)
      } finally {
        proxy.cut()
        proxy.resume()
      }
    })

    test('a write that was sent and never answered is 122, soon after the deadline', async () => {
      const { proxy, remote } = await link()
      await on.direct.rdv('signal', 'sent', 'before')
      const observer = await Observer.of(on.store, 'sent')
      await observer.until('before')
      // the reply is still on its way when the write is seen
      proxy.delay(800)
      try {
        const started = performance.now()
        const writing = remote.start('signal', 'sent', 'after', '--quiet', '--timeout', '12s')
        await observer.until('after')
        proxy.refuse()
        const { code, stdout, stderr } = await writing.ended
        expect({ code, stdout }).toEqual({ code: 122, stdout: '' })
        expect(lines(stderr)).toHaveLength(1)
        expect(performance.now() - started).toBeLessThan(12_000 + 2 * LATE)
      } finally {
        proxy.delay(0)
        await proxy.accept()
        await observer.stop()
      }
    })

    test('a write whose answer is lost is looked up, and not made again', async () => {
      const { proxy, remote } = await link()
      const observer = await Observer.of(on.store, 'lookedup')
      proxy.delay(400)
      try {
        const writing = remote.start('signal', 'lookedup', 'once', '--timeout', '1m')
        await observer.until('once')
        proxy.cut()
        proxy.delay(0)
        expect(await writing.ended).toMatchObject({ code: 0, stderr: '' })
        expect(observer.writes).toBe(1)
      } finally {
        proxy.delay(0)
        await observer.stop()
      }
    })

    const until = "trap 'exit 0' TERM; echo up $$; while :; do sleep 0.05; done"

    test('who is told to end while it queues leaves the queue, if the store is back soon', async ({
      expect,
    }) => {
      const { proxy, remote } = await link()
      const holder = on.direct.start('lock', 'left', '--', 'sh', '-c', until)
      await holder.says(/up/)
      const waiting = remote.start('lock', 'left', '--', 'true')
      const inQueue = async () => (await on.direct.rdv('status')).stdout.match(/left/g)?.length
      await expect.poll(inQueue).toBe(2)
      proxy.pause()
      waiting.kill('SIGTERM')
      await sleep(1_000)
      proxy.cut()
      proxy.resume()
      expect(await waiting.ended).toMatchObject({ code: 143 })
      expect(await inQueue()).toBe(1)
      holder.kill('SIGTERM')
      await holder.ended
    })

    const lastWill = ['--on-success', 'done', '--timeout', '6s']

    test('a last state that cannot be set is 120, soon after the deadline', async () => {
      const { proxy, remote } = await link()
      const argv = ['signal', 'held', 'busy', '--hold', ...lastWill, '--', 'sh', '-c', until]
      const holder = remote.start(...argv)
      const [, pid] = await holder.says(/up (\d+)/)
      proxy.refuse()
      await endsAtDeadline(proxy, holder, 120, () => process.kill(Number(pid), 'SIGTERM'))
    })

    test('a last state that cannot be set after a TERM is told, and ends with 143', async () => {
      const { proxy, remote } = await link()
      const argv = ['signal', 'willed', 'busy', '--hold', ...lastWill, '--', 'sh', '-c', until]
      const holder = remote.start(...argv)
      await holder.says(/up/)
      proxy.refuse()
      await endsAtDeadline(proxy, holder, 143)
      expect(lines((await holder.ended).stderr).at(-1)).toMatch(
        /^rdv: willed was not set to done: /,
      )
    })

    test('nor does it wait for ever to join again', async () => {
      const { proxy, remote } = await link()
      const argv = [
        'signal',
        'lost',
        'busy',
        '--hold',
        '--ttl',
        '1s',
        ...lastWill,
        '--',
        'sh',
        '-c',
        until,
      ]
      const holder = remote.start(...argv)
      await holder.says(/up/)
      proxy.refuse()
      await holder.says(/joining again/)
      await endsAtDeadline(proxy, holder, 143)
    })

    test.each([
      ['lock', ['lock', 'silent'], [0]],
      ['lock without COMMAND', ['lock', 'silent2'], [143]],
      ['elect', ['elect', 'silent'], [0]],
      ['once', ['once', 'silent'], [120, 122]],
      ['signal --hold', ['signal', 'silent', '--hold'], [0]],
      [
        'signal --hold --on-success',
        ['signal', 'silent2', '--hold', '--on-success', 'done'],
        [143],
      ],
    ] as const)(
      'a TERM to rdv %s whose store is silent ends it within 5 s',
      async (name, argv, codes) => {
        const { proxy, remote } = await link()
        const command = name.includes('without') ? [] : ['--', 'sh', '-c', until]
        const holder = remote.start(...argv, ...command)
        await holder.says(/up|rdv\/lock/)
        proxy.pause()
        try {
          const started = performance.now()
          holder.kill('SIGTERM')
          expect((await holder.ended).code).toBeOneOf([...codes])
          expect(performance.now() - started).toBeLessThan(5_000 + LATE)
        } finally {
          proxy.cut()
          proxy.resume()
        }
      },
    )

    test('a session that is lost with its store ends COMMAND before anybody else can hold', async () => {
      const { proxy, remote } = await link()
      const observer = await Observer.of(on.store, 'stop')
      const argv = ['signal', 'stop', 'busy', '--hold', '--ttl', '5s', '--on-loss', 'stop', '--']
      // TERM does not end this COMMAND
      const stubborn = 'trap "echo asked" TERM; echo "pid $$"; while :; do sleep 0.05; done'
      const holder = remote.start(...argv, 'sh', '-c', stubborn)
      const [, pid] = await holder.says(/pid (\d+)/)
      await observer.until('busy')
      const order: string[] = []
      const free = observer.untilGone().then(() => order.push('free'))
      proxy.pause()
      await holder.says(/asked/)
      await gone(Number(pid)).then(() => order.push('gone'))
      await free
      const { code } = await holder.ended
      proxy.cut()
      proxy.resume()
      await observer.stop()
      expect({ order, code }).toEqual({ order: ['gone', 'free'], code: 121 })
    })

    test('a session that is lost with its store is joined again when that is back', async () => {
      const { proxy, remote } = await link()
      const holder = remote.start(
        'signal',
        'back',
        'busy',
        '--hold',
        '--ttl',
        '1s',
        '--',
        'sh',
        '-c',
        until,
      )
      await holder.says(/up/)
      proxy.refuse()
      await holder.says(/joining again/)
      await on.direct.untilGone('back')
      await proxy.accept()
      await on.direct.until('back', 'busy')
      expect((await on.direct.rdv('list')).stdout).toMatch(
        new RegExp(`^back\tbusy\t.+\t${holder.pid}\t`, 'm'),
      )
      holder.kill('SIGTERM')
      expect(await holder.ended).toMatchObject({ code: 0 })
      expect(await on.direct.state('back')).toBeUndefined()
    })

    const endsAtDeadline = async (
      proxy: TcpProxy,
      holder: Running,
      code: number,
      end = () => holder.kill('SIGTERM'),
    ): Promise<void> => {
      try {
        const started = performance.now()
        end()
        expect(await holder.ended).toMatchObject({ code })
        expect(performance.now() - started).toBeLessThan(6_000 + 2 * LATE)
      } finally {
        await proxy.accept()
      }
    }

    test('keys of a holder that is killed go within its TTL', async () => {
      const holder = on.direct.start(
        'signal',
        'killed',
        '--hold',
        '--ttl',
        '1s',
        '--',
        'sleep',
        '300',
      )
      await on.direct.until('killed')
      holder.kill('SIGKILL')
      const gone = await on.direct.rdv('wait', 'killed', '--not', '--state', '*', '--timeout', '2m')
      expect(gone).toMatchObject({ code: 0 })
    })
  })
}
