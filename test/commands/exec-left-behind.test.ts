import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { temporaryFolder } from '../services/watchdog.ts'
import { Place } from './rdv.ts'

/** A command with children that have left its group, its environment or its parent. All of them have the FIFO open. */
const family = (fifo: string): string =>
  `exec 7>${fifo}; sleep 1000 & setsid sleep 1000 & env -i sleep 1000 & (sleep 1000 &); echo up >&7; wait`

const watched = () => {
  const fifo = join(temporaryFolder('exec'), 'fifo')
  execFileSync('sh', ['-c', 'mkfifo "$0"', fifo])
  const reader = createReadStream(fifo)
  return { target: `exec:${family(fifo)}`, up: once(reader, 'data'), gone: once(reader, 'end') }
}

describe.each([
  { argv: ['probe'] },
  { argv: ['probe', '--timeout', '1m'] },
  { argv: ['wait'] },
  { argv: ['wait', '--any', 'never'] },
  { argv: ['wait', '--not'] },
  { argv: ['wait', 'exec:false'] },
])('what an exec: target of rdv $argv has started', ({ argv }) => {
  test('does not outlive a kill -9', async () => {
    const { target, up, gone } = watched()
    const running = new Place().start(...argv, target)
    await up
    running.kill('SIGKILL')
    await gone
    expect(await running.exited).toBeNull()
  })

  test.each(['SIGTERM', 'SIGHUP'] as const)('is killed with its group by a %s', async (signal) => {
    const { target, up, gone } = watched()
    const running = new Place().start(...argv, target.replace('setsid sleep', 'sleep'))
    await up
    running.kill(signal)
    await gone
    expect((await running.exited) ?? signal).toBeOneOf([signal, 143, 129])
  })
})

test('a kill -9 of what has become COMMAND kills nothing of an exec: target that was up before', async () => {
  const place = new Place()
  const file = join(temporaryFolder('exec'), 'pid')
  const target = `exec:setsid sh -c 'echo $$ >${file}; exec sleep 1000' & until [ -s ${file} ]; do sleep 0.01; done`
  const running = place.start('wait', target, '--', 'sh', '-c', 'echo up; exec sleep 1000')
  await running.says(/up/)
  running.kill('SIGKILL')
  await running.exited
  expect(await place.sh('kill -0 $(cat "$1") && kill -9 $(cat "$1")', file)).toMatchObject({
    code: 0,
  })
})
