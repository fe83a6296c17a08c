import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { beforeAll, describe, expect, test } from 'vitest'
import { watchdogProcess } from '../services/watchdog.ts'
import { program } from './executable.ts'
import { Place } from './rdv.ts'

/** The commands that write a stream to stdout. */
const STREAMS = [
  'subscribe t --from start',
  'subscribe t --from start --as me',
  'leader e --watch',
  'list --watch',
  'status --watch',
  'elect e --events',
  'pipe receive p --group g',
]

describe('a stream on which nothing happens ends as by SIGPIPE once its reader has gone', () => {
  const place = new Place()
  beforeAll(async () => {
    await place.rdv('publish', 't', 'one')
    await place.rdv('signal', 'k')
  })

  test.concurrent.each(STREAMS)('that of a pipe: rdv %s', async (line) => {
    const script = (reader: string) => `(rdv ${line}; echo "ended $?" >&2) | ${reader}`
    const silent = await place.sh(script('true'))
    expect(silent.stderr).toContain('ended 141\n')
    if (line.startsWith('pipe')) return
    const { stderr, stdout } = await place.sh(script('head -1'))
    expect(stderr).toContain('ended 141\n')
    expect(stdout).toMatch(/^.*\n$/)
  })

  test.concurrent.each(STREAMS)('that of a socket: rdv %s', async (line) => {
    const [file, args] = program(line.split(' '))
    // Node uses sockets for what it calls pipes.
    const child = spawn(file, args, { env: place.env, stdio: ['ignore', 'pipe', 'ignore'] })
    watchdogProcess(child.pid as number)
    child.stdout.destroy()
    expect(await once(child, 'exit')).toEqual([141, null])
  })
})

test('a reader of a socket that only sends no more still reads', async () => {
  const place = new Place()
  const [file, args] = program(['list', '--watch'])
  const child = spawn(file, args, { env: place.env, stdio: ['ignore', 'pipe', 'ignore'] })
  watchdogProcess(child.pid as number)
  const written = once(child.stdout, 'data')
  ;(child.stdout as unknown as { end(): void }).end()
  await place.rdv('wait', 'never', '--timeout', '3s')
  await place.rdv('signal', 'k')
  expect(String((await written)[0])).toMatch(/^(join|change)\tk\tready/)
  child.stdout.destroy()
  await once(child, 'exit')
})

test('a stream that is read goes on', async () => {
  const place = new Place()
  const running = place.startSh(`sh -c 'echo "pid $$"; exec rdv list --watch' | cat`)
  const [, pid] = await running.says(/pid (\d+)/)
  await place.rdv('signal', 'a')
  await running.says(/a\tready/)
  await place.rdv('wait', 'never', '--timeout', '4s')
  await place.rdv('signal', 'b')
  await running.says(/b\tready/)
  process.kill(Number(pid), 'SIGTERM')
  expect((await running.ended).stdout).toMatch(/a\tready[\s\S]*b\tready/)
})
