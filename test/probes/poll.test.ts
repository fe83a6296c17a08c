import { spawn } from 'node:child_process'
import { getEventListeners, once } from 'node:events'
import { expect, test } from 'vitest'
import { UsageError } from '../../src/base/errors.ts'
import { openProbe } from '../../src/probes/open.ts'
import { checkOnce, observe } from '../../src/probes/poll.ts'
import type { Probe, ProbeResult } from '../../src/probes/probe.ts'
import { closedPort, forever, listen } from './servers.ts'

const deaf: Probe = { name: 'deaf', check: () => new Promise(() => {}) }

test('a probe that ignores its signal does not overrun its limit', async () => {
  const found = await checkOnce(deaf, forever(), 50)
  expect(found).toEqual({ up: false, unknown: true, reason: 'no answer within 50ms' })
})

test('a probe that ignores its signal does not overrun the deadline', async () => {
  const controller = new AbortController()
  const looking = checkOnce(deaf, controller.signal)
  controller.abort(new Error('deadline'))
  await expect(looking).rejects.toThrow('deadline')
})

test('an aborted signal is noticed before anything is looked at', async () => {
  const probe: Probe = { name: 'untouched', check: () => expect.unreachable() }
  await expect(checkOnce(probe, AbortSignal.abort(new Error('over')))).rejects.toThrow('over')
})

test('what no later look can mend is thrown', async () => {
  const probe: Probe = { name: 'broken', check: () => Promise.reject(new UsageError('no')) }
  await expect(checkOnce(probe, forever())).rejects.toThrow(UsageError)
  await expect(observe(probe, forever()).next()).rejects.toThrow(UsageError)
})

test('a limit longer than any timer is no limit', async () => {
  const url = `tcp://127.0.0.1:${await listen()}`
  expect(await checkOnce(openProbe(url), forever(), Number.POSITIVE_INFINITY)).toEqual({ up: true })
})

test('a look leaves no listener at the signal', async () => {
  const signal = forever()
  await checkOnce(openProbe(`tcp://localhost:${await closedPort()}`), signal)
  expect(getEventListeners(signal, 'abort')).toEqual([])
})

test('observing sees a port come up', async () => {
  const port = await closedPort()
  const seen: ProbeResult[] = []
  for await (const found of observe(openProbe(`tcp://127.0.0.1:${port}`), forever())) {
    seen.push(found)
    if (found.up) break
    if (seen.length === 2) await listen('127.0.0.1', () => {}, port)
  }
  const refused = { up: false, reason: 'connection refused' }
  expect(seen).toEqual([refused, refused, { up: true }])
})

test('observing goes on after the probe is up', async () => {
  const findings = observe(openProbe(`tcp://127.0.0.1:${await listen()}`), forever())
  for (let look = 0; look < 3; look++) {
    expect(await findings.next()).toEqual({ done: false, value: { up: true } })
  }
  await findings.return()
})

test('an abort ends a pause', async () => {
  const controller = new AbortController()
  const findings = observe(openProbe(`tcp://127.0.0.1:${await closedPort()}`), controller.signal)
  await findings.next()
  const next = findings.next()
  controller.abort(new Error('deadline'))
  await expect(next).rejects.toThrow('deadline')
})

test('an abort ends an attempt', async () => {
  const controller = new AbortController()
  const next = observe(deaf, controller.signal).next()
  controller.abort(new Error('deadline'))
  await expect(next).rejects.toThrow('deadline')
})

const program = (url: string): string => `
  import { openProbe } from ${JSON.stringify(import.meta.resolve('../../src/probes/open.ts'))}
  import { observe } from ${JSON.stringify(import.meta.resolve('../../src/probes/poll.ts'))}
  const signal = AbortSignal.timeout(300)
  setTimeout(() => {}, 400)
  try {
    for await (const found of observe(openProbe(${JSON.stringify(url)}), signal));
  } catch (error) {
    process.exitCode = error === signal.reason ? 42 : 43
  }`

test.for(['tcp', 'http', 'redis', 'rediss', 'https', 'postgres'])(
  'after an abort nothing of %s keeps the process alive',
  async (scheme) => {
    const url = `${scheme}://localhost:${await listen()}`
    const child = spawn(process.execPath, ['--input-type=module', '-e', program(url)], {
      stdio: 'inherit',
    })
    expect(await once(child, 'exit')).toEqual([42, null])
  },
)

test('after an abort no command keeps the process alive', async () => {
  const child = spawn(process.execPath, ['--input-type=module', '-e', program('exec:sleep 1000')])
  expect(await once(child, 'exit')).toEqual([42, null])
})
