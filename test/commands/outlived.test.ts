import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { childrenOf } from '../../src/child/command-processes.ts'
import { Place, type Running } from './rdv.ts'

/** Commands that hold something beside COMMAND on the embedded store, and commands that cannot succeed meanwhile. */
const HOLDS = [
  { hold: 'lock x', next: 'lock x --timeout 1500ms -- true' },
  { hold: 'lock x --slots 1', next: 'lock x --timeout 1500ms -- true' },
  { hold: 'elect x', next: 'elect x --timeout 1500ms -- true' },
  { hold: 'once x', next: 'once x --timeout 1500ms -- true' },
  { hold: 'signal x --hold', next: 'wait x --not --state * --timeout 1500ms' },
  { hold: 'signal x --hold --on-loss stop', next: 'wait x --not --state * --timeout 1500ms' },
]

const SCRIPT = 'echo "pid $$"; exec >/dev/null 2>&1; sleep 1000'

/** The watchdogs of an rdv process. */
const watchdogsOf = (pid: number): number[] =>
  childrenOf(pid).filter((child) =>
    readFileSync(`/proc/${child}/cmdline`, 'utf8').includes('RDV_GUARD='),
  )

/** Kills rdv together with its watchdogs, so that no process is left to end COMMAND. */
const killWithWatchdogs = async (holder: Running): Promise<void> => {
  for (const watchdog of watchdogsOf(holder.pid)) process.kill(watchdog, 'SIGKILL')
  holder.kill('SIGKILL')
  await holder.exited
}

describe.each(HOLDS)('on the embedded store, what rdv $hold holds', ({ hold, next }) => {
  test('counts as held while COMMAND’s group lives, whoever was killed', async () => {
    const place = new Place()
    const argv = [...hold.split(' '), '--ttl', '500ms', '--', 'sh', '-c', SCRIPT]
    const holder = place.start(...argv)
    const [, pid = ''] = await holder.says(/pid (\d+)/)
    await killWithWatchdogs(holder)
    expect(await place.rdv(...next.split(' '))).toMatchObject({ code: 124, stdout: '' })
    process.kill(-Number(pid), 'SIGKILL')
    const patient = next.replace('1500ms', '1m').split(' ')
    expect(await place.rdv(...patient)).toMatchObject({ code: 0 })
  })
})

test('a key that was lost and is held again counts as held while COMMAND lives', async () => {
  const place = new Place()
  const argv = ['signal', 'x', '--hold', '--ttl', '500ms', '--', 'sh', '-c', SCRIPT]
  const holder = place.start(...argv)
  const [, pid = ''] = await holder.says(/pid (\d+)/)
  await place.rdv('clear', 'x')
  await holder.says(/joining again/)
  await place.until('x')
  await killWithWatchdogs(holder)
  const gone = ['wait', 'x', '--not', '--state', '*', '--timeout']
  expect(await place.rdv(...gone, '1500ms')).toMatchObject({ code: 124 })
  process.kill(-Number(pid), 'SIGKILL')
  expect(await place.rdv(...gone, '1m')).toMatchObject({ code: 0 })
})
