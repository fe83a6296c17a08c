import { afterEach, expect, test } from 'vitest'
import { splitAtCommand } from '../../src/cli/argv.ts'
import { behindProxy } from '../services/behind-proxy.ts'
import { besideEach } from '../side-by-side.ts'
import { lines, Place, type Running } from './rdv.ts'
import { REMOTE_STORES } from './stores.ts'

/**
 * Commands that wait, and their output once they wait. For commands without such output, the pattern begins with ^ and
 * is for `rdv status`.
 */
const WAITING: readonly (readonly [line: string, says: RegExp])[] = [
  ['wait k', /waiting for k/],
  ['wait g/ --not', /waiting for g\//],
  ['counter wait n --equals 1', /waiting for n/],
  ['waitgroup wait w --expect 1', /waiting for w/],
  ['lock l -- true', /^lock\tl\twaits/m],
  ['elect e -- true', /^election\te\tcampaigns/m],
  ['once o -- true', /^once\to\twaits/m],
  ['subscribe t', /subscribed/],
  ['leader e --watch', /held/],
  ['list --watch', /g\/1/],
  ['status --watch', /g\/1/],
  ['pipe receive p --group r', /^pipe\tp/m],
  ['pipe send q --group r', /^pipe\tq/m],
]

const HELD = ['lock l', 'elect e --id held', 'once o -- sleep 300', 'signal g/1 --hold']

besideEach(REMOTE_STORES, 'an outage of $scheme:// at the deadline', ({ start }) => {
  const behind = behindProxy(start)
  afterEach(async () => {
    await behind.proxy.accept()
    behind.proxy.resume()
  })

  const run = (place: Place, line: string, ...more: string[]): Running => {
    const { own, command } = splitAtCommand(line.split(' '))
    return place.startWithInput(...own, ...more, ...(command ? ['--', ...command] : []))
  }

  test.each(['pause', 'refuse'] as const)('(%s) is 120 of all that wait', async (outage) => {
    const started = performance.now()
    const direct = new Place({ RDV_BACKEND: behind.store.url, RDV_NAMESPACE: outage })
    const url = behind.store.url.replace(/:\d+$/, `:${behind.proxy.port}`)
    const remote = new Place({ RDV_BACKEND: url, RDV_NAMESPACE: outage })
    for (const line of HELD) run(direct, line)
    const status = direct.start('status', '--watch')
    await status.says(/^lock\tl\tholds/m)
    for (const pattern of [/^election\te\tleads/m, /^once\to\truns/m, /g\/1/])
      await status.says(pattern)
    // All of them must wait before this deadline, however slow the machine is.
    const timeout = Math.round(4_000 + 6 * (performance.now() - started))
    const running = WAITING.map(([line]) => run(remote, line, '--timeout', `${timeout}ms`))
    await Promise.all(
      WAITING.map(([, says], i) =>
        says.source.startsWith('^') ? status.says(says) : running[i]?.says(says),
      ),
    )
    behind.proxy[outage]()
    const ended = await Promise.all(running.map(({ ended }) => ended))
    const told = WAITING.map(([line], i) => {
      const { code, stderr } = ended[i] as (typeof ended)[number]
      return { line, code, last: lines(stderr).at(-1) }
    })
    expect(told).toEqual(
      WAITING.map(([line]) => ({
        line,
        code: 120,
        last: expect.stringMatching(/^rdv: .*(not answer|unreachable|silent)/),
      })),
    )
  })
})
