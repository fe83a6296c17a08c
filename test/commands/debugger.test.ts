import { readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { temporaryFolder } from '../services/watchdog.ts'
import { Place, type Running } from './rdv.ts'

/** Commands that keep running: the words, the output once they run, and the number of ports on which they listen. */
const LASTING: readonly (readonly [words: string, ready: RegExp, ports: number])[] = [
  ['serve --listen 127.0.0.1:0', /listening on http/, 1],
  ['lock l', /rdv\/lock/, 0],
  ['elect e', / \d{12}/, 0],
  ['subscribe t', /subscribed/, 0],
  ['wait exec:echo,looked>&2;exit,1 --verbose', /looked/, 0],
]

const start = (place: Place, words: string): Running =>
  place.start(...words.split(' ').map((word) => word.replaceAll(',', ' ')))

/** The TCP ports on which a process listens. */
const portsOf = (pid: number): string[] => {
  const folder = `/proc/${pid}/fd`
  const open = new Set(readdirSync(folder).map((fd) => linkOf(`${folder}/${fd}`)))
  return ['tcp', 'tcp6'].flatMap((kind) =>
    readFileSync(`/proc/${pid}/net/${kind}`, 'latin1')
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .filter(([, , , state, , , , , , inode]) => state === '0A' && open.has(`socket:[${inode}]`))
      .map(([, local = '']) => local),
  )
}

const linkOf = (path: string): string => {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}

/** A module that Node runs before the program. It sends the process a signal, and waits for the signal's effect. */
const beforeTheProgram = (): string => {
  const file = join(temporaryFolder('early'), 'early.cjs')
  writeFileSync(
    file,
    `process.kill(process.pid, 'SIGUSR1')
     while (!process.getBuiltinModule('node:inspector').url()) {}`,
  )
  return file
}

describe.each(LASTING)('rdv %s', (words, ready, ports) => {
  test('opens no debugger upon SIGUSR1, and goes on', async () => {
    const place = new Place()
    const running = start(place, words)
    await running.says(ready)
    for (let i = 0; i < 3; i++) running.kill('SIGUSR1')
    expect(await place.rdv('signal', 'other')).toMatchObject({ code: 0 })
    expect(portsOf(running.pid)).toHaveLength(ports)
    running.kill('SIGTERM')
    const { code, signal, stderr } = await running.ended
    expect(code ?? signal).toBeOneOf([0, 143, 'SIGTERM'])
    expect(stderr).not.toContain('Debugger')
  })

  test('closes the debugger that Node has opened before its first line', async () => {
    const place = new Place({ NODE_OPTIONS: `--require ${beforeTheProgram()}` })
    const running = start(place, words)
    await running.says(ready)
    expect(await new Place(place.env).rdv('id')).toMatchObject({ code: 0 })
    expect(portsOf(running.pid)).toHaveLength(ports)
  })
})

test('SIGUSR1 at any moment of the start leaves no debugger behind', async () => {
  const place = new Place()
  for (let wait = 0; wait < 100; wait += 4) {
    const running = start(place, 'subscribe t')
    await delay(wait)
    running.kill('SIGUSR1')
    const there = await running.says(/subscribed/).catch(() => undefined)
    if (there) {
      // Node may open one in its event loop, where rdv closes it at once. It stays closed.
      await expect.poll(() => portsOf(running.pid)).toEqual([])
      await place.rdv('publish', 't', `after ${wait}`)
      await running.says(new RegExp(`after ${wait}\n`))
      expect(portsOf(running.pid)).toEqual([])
    }
    running.kill('SIGKILL')
    const { signal } = await running.ended
    // Before Node has installed its handler, the signal ends the process, as it ends any process.
    expect(signal).toBe(there ? 'SIGKILL' : 'SIGUSR1')
  }
})

test('a debugger that one has asked Node for stays open', async () => {
  const place = new Place({ NODE_OPTIONS: '--inspect=127.0.0.1:0' })
  const running = start(place, 'subscribe t')
  await running.says(/subscribed/)
  // The executable has no such option.
  const asked = process.env.RDV_TEST_EXECUTABLE ? 0 : 1
  expect(portsOf(running.pid)).toHaveLength(asked)
})
