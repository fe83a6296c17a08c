import { describe, expect, test } from 'vitest'
import { splitAtCommand } from '../../src/cli/argv.ts'
import { freePorts } from '../services/ports.ts'
import { startProxy } from '../services/proxy.ts'
import { lines, Place } from './rdv.ts'
import { REMOTE_STORES } from './stores.ts'
import { LATE, timed } from './timed.ts'

const COMMANDS = [
  'wait k',
  'wait k --once',
  'wait g/ --not',
  'get k',
  'signal k',
  'signal k --expire 1m',
  'signal k --hold',
  'signal k --hold -- echo ran',
  'clear k',
  'list',
  'doctor',
]

describe.each(['http', 'etcd', 'consul'])('where nothing listens, %s://', (scheme) => {
  // retried because it measures the wall clock, and other processes may use the machine at that moment
  test.concurrent.each(COMMANDS)('rdv %s is 120 at the deadline', { retry: 1 }, async (line) => {
    const [port] = await freePorts(1)
    const host = `127.0.0.1:${port}`
    const login = scheme === 'etcd' ? 'u:hunter2@' : ''
    const place = new Place({ RDV_BACKEND: `${scheme}://${login}${host}`, RDV_TOKEN: 'hunter2' })
    const { own, command = [] } = splitAtCommand(line.split(' '))
    const ours = [...own, '--timeout', '1s', '--quiet']
    const argv = command.length > 0 ? [...ours, '--', ...command] : ours
    const { code, stdout, stderr, took } = await timed(place, ...argv)
    expect({ code, stdout }, stderr).toEqual({ code: 120, stdout: '' })
    expect(stderr).toContain(host)
    expect(stderr).not.toContain('hunter2')
    expect(lines(stderr)).toHaveLength(1)
    expect(took).toBeLessThan(1_000 + LATE)
  })

  test('a wait goes on until something does', async () => {
    const kind = REMOTE_STORES.find((store) => store.scheme === scheme)
    const store = await kind?.start()
    if (!store) throw new Error('there is no such store')
    const proxy = await startProxy(store)
    try {
      const url = store.url.replace(/:\d+$/, `:${proxy.port}`)
      const place = new Place({ RDV_BACKEND: url })
      proxy.refuse()
      const waiting = place.start('wait', 'k', '--timeout', '1m', '--', 'echo', 'ran')
      await waiting.says(/waiting for k/)
      await new Place({ RDV_BACKEND: store.url }).rdv('signal', 'k')
      await proxy.accept()
      expect(await waiting.ended).toMatchObject({ code: 0, stdout: 'ran\n' })
    } finally {
      await proxy.stop()
      await store.stop()
    }
  })
})
