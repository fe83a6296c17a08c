import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startProxy, type TcpProxy } from '../services/proxy.ts'
import { temporaryFolder } from '../services/watchdog.ts'
import { besideEach } from '../side-by-side.ts'
import { lines, Place, type Running } from './rdv.ts'
import { REMOTE_STORES } from './stores.ts'

const sequence = (from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, index) => String(from + index))

describe('publish and subscribe', () => {
  test('each argument is a message, and --json tells where they are', async () => {
    const place = new Place()
    expect(await place.rdv('publish', 't', 'b', 'a', 'b')).toMatchObject({ code: 0, stdout: '' })
    const { stdout } = await place.rdv('publish', 't', 'c', '--json')
    const { first, ...rest } = JSON.parse(stdout)
    expect(rest).toEqual({ ok: true, count: 1, last: first })
    expect(first).toMatch(/^4-[0-9a-f]{8}$/)
    const all = await place.rdv('subscribe', 't', '--from', 'start', '--count', '4')
    expect(all).toEqual({
      code: 0,
      signal: null,
      stdout: 'b\na\nb\nc\n',
      stderr: 'rdv: subscribed\n',
    })
    const last = await place.rdv('subscribe', 't', '--from', first, '--count', '1', '--quiet')
    expect(last).toMatchObject({ code: 0, stdout: 'c\n', stderr: '' })
  })

  test('each line of stdin is a message, also an empty one and a last one without its end', async () => {
    const place = new Place()
    const script = `printf '%s\\n\\n%s' one three | rdv publish t - --json
      rdv subscribe t --from start --count 3 --json --quiet
      rdv publish t - --json </dev/null`
    const { code, stdout } = await place.sh(script)
    const [stored, ...messages] = lines(stdout).map((line) => JSON.parse(line))
    expect(code).toBe(0)
    expect(stored).toMatchObject({ ok: true, count: 3 })
    expect(messages.slice(0, 3).map(({ message }) => message)).toEqual(['one', '', 'three'])
    expect(messages[0].id).toBe(stored.first)
    expect(messages[2].id).toBe(stored.last)
    expect(messages[3]).toEqual({ ok: true, count: 0 })
  })

  test('with --null messages are any bytes', async () => {
    const place = new Place()
    const script = `printf 'a\\nb\\0\\0\\377' | rdv publish t - --null
      rdv subscribe t --from start --count 3 --null --quiet | od -An -tx1
      rdv subscribe t --from start --count 3 --json --quiet`
    const { stdout } = await place.sh(script)
    const [bytes, ...objects] = lines(stdout)
    expect(bytes?.trim()).toBe('61 0a 62 00 00 ff 00')
    expect(objects.map((line) => ({ ...JSON.parse(line), id: '' }))).toEqual([
      { ok: true, id: '', message: 'a\nb' },
      { ok: true, id: '', message: '' },
      { ok: true, id: '', base64: '/w==' },
    ])
  })

  test('an interrupt ends it, whether anybody reads or not', async () => {
    const place = new Place()
    const idle = place.start('subscribe', 't')
    await idle.says(/subscribed/)
    idle.kill('SIGINT')
    expect(await idle.ended).toMatchObject({ code: 130, stderr: 'rdv: subscribed\n' })
    const publisher = place.startWithInput('publish', 'other', '-')
    publisher.stdin.write('m\n')
    await place.rdv('subscribe', 'other', '--from', 'start', '--count', '1')
    publisher.kill('SIGTERM')
    expect(await publisher.ended).toMatchObject({ code: 143, stdout: '' })
    await place.sh('seq 200000 | rdv publish t - --retain 1000000')
    const stalled = startStalled(place, 'wait $pid; echo ended $? >&2')
    const [, pid] = await stalled.says(/^(\d+)$/m)
    await stalled.says(/subscribed/)
    process.kill(Number(pid), 'SIGTERM')
    // its reader never reads again
    await stalled.says(/ended 143/)
  })

  test('--timeout bounds it all: 124', async () => {
    const place = new Place()
    const { code, stderr } = await place.rdv('subscribe', 't', '--timeout', '1s')
    expect({ code, stderr }).toEqual({
      code: 124,
      stderr: 'rdv: subscribed\nrdv: timed out after 1 s\n',
    })
    const other = new Place({ RDV_TIMEOUT: '1s' })
    expect(await other.rdv('subscribe', 't', '--count', '1')).toMatchObject({ code: 124 })
    expect(await other.rdv('publish', 't', 'm')).toMatchObject({ code: 0 })
  })

  test('a subscriber whose reader has gone ends', async () => {
    const place = new Place()
    await place.sh('seq 100000 | rdv publish t - --retain 1000000')
    const script = '{ rdv subscribe t --from start --quiet; echo "ended $?" >&2; } | head -n 1'
    expect(await place.sh(script)).toMatchObject({ stdout: '1\n', stderr: 'ended 141\n' })
  })

  test('a named subscriber goes on after a kill, and again behind a gap that was told', async () => {
    const place = new Place()
    await place.sh('seq 1 100 | rdv publish t -')
    const first = place.start('subscribe', 't', '--as', 'x', '--from', 'start')
    await first.says(/^100$/m)
    await place.sh('seq 101 110 | rdv publish t -')
    await first.says(/^110$/m)
    first.kill('SIGKILL')
    await first.ended
    await place.sh('seq 111 120 | rdv publish t -')
    const next = await place.rdv('subscribe', 't', '--as', 'x', '--count', '5')
    expect(['101', '111']).toContain(lines(next.stdout)[0])
    const behind = await place.rdv('subscribe', 't', '--as', 'x', '--count', '1')
    expect(lines(behind.stdout)).toEqual([String(Number(lines(next.stdout)[4]) + 1)])
    await place.sh('for i in 1 2 3; do rdv publish t $i --retain 1; done')
    const gap = await place.rdv('subscribe', 't', '--as', 'x')
    expect(gap.code).toBe(121)
    expect(lines(gap.stderr)).toEqual([
      'rdv: subscribed',
      expect.stringMatching(/^rdv: messages \d+ to 122 of t are lost: they were trimmed/),
    ])
    const after = await place.rdv('subscribe', 't', '--as', 'x', '--count', '1')
    expect(after).toMatchObject({ code: 0, stdout: '3\n' })
  })

  test('what is too long is refused with the limit, and what came before it is stored', async () => {
    const place = new Place()
    const script = `{ printf 'one\\ntwo\\n'; head -c 20000000 /dev/zero; } | rdv publish t -`
    const { code, stderr } = await place.sh(script)
    expect(code).toBe(2)
    expect(stderr).toMatch(/the first 2 messages were stored/)
    expect(stderr).toMatch(/^rdv: a message .* longer than.* \d+ bytes/m)
    const all = await place.rdv('subscribe', 't', '--from', 'start', '--count', '2')
    expect(all.stdout).toBe('one\ntwo\n')
  })

  test('a fast publisher and a subscriber whose reader stalls take little memory', async () => {
    const place = new Place()
    await place.sh('rdv publish t first')
    const stalled = startStalled(place, 'wait')
    const [, pid] = await stalled.says(/^(\d+)$/m)
    await stalled.says(/subscribed/)
    const publisher = place.startWithInput('publish', 't', '-', '--retain', '1000')
    const line = `${'x'.repeat(999)}\n`.repeat(100)
    const input = Readable.from(repeated(line, 2_000))
    const peaks = new Map<number, number>()
    // a subscriber that has lost messages before it stalls ends early
    const measure = () => {
      for (const one of [Number(pid), publisher.pid])
        peaks.set(one, peakOf(one) ?? peaks.get(one) ?? 0)
    }
    measure()
    input.on('data', measure).pipe(publisher.stdin, { end: false })
    await finished(input)
    publisher.stdin.end()
    expect(await publisher.ended).toMatchObject({ code: 0, stderr: '' })
    for (const peak of peaks.values()) {
      expect(peak).toBeGreaterThan(0)
      expect(peak).toBeLessThan(250 * 1024)
    }
  })

  test('five publishers, and a subscriber whose reader stalls until they have ended', async () => {
    const place = new Place()
    const tail = 'x'.repeat(200)
    const script = 'rdv subscribe t --count 2500 | { rdv wait go --timeout 1m >&2; cat; }'
    const subscriber = place.startSh(script)
    await subscriber.says(/subscribed/)
    const publisher = (name: string) =>
      place.sh('seq -f "$1-%g $2" 500 | rdv publish t -', name, tail)
    const names = ['a', 'b', 'c', 'd', 'e']
    const ended = await Promise.all(names.map(publisher))
    expect(ended.map(({ code }) => code)).toEqual(names.map(() => 0))
    await place.rdv('signal', 'go')
    const { code, stdout } = await subscriber.ended
    expect(code).toBe(0)
    const got = lines(stdout)
    expect(got).toHaveLength(2_500)
    for (const name of names) {
      const own = got.filter((line) => line.startsWith(`${name}-`))
      expect(own).toEqual(sequence(1, 500).map((number) => `${name}-${number} ${tail}`))
    }
  })
})

/** A subscriber whose stdout is open and never read. It prints its process id. */
const startStalled = (place: Place, then: string): Running => {
  const fifo = join(temporaryFolder('fifo'), 'fifo')
  const script = `mkfifo "$1"
    rdv subscribe t --from start >"$1" & pid=$!
    exec 3<"$1"
    echo $pid >&2`
  return place.startSh(`${script}; ${then}`, fifo)
}

function* repeated(text: string, count: number): Generator<string> {
  for (let left = count; left > 0; left--) yield text
}

/** The peak memory of a process, in KiB; `undefined` if the process has ended. */
const peakOf = (pid: number): number | undefined => {
  try {
    const peak = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
    return peak === undefined ? undefined : Number(peak)
  } catch {
    return undefined
  }
}

describe('wrong use, in one sentence, and nothing done', () => {
  test.concurrent.each([
    [['publish'], /TOPIC is missing/],
    [['publish', 't'], /MESSAGE is missing/],
    [['publish', '', 'm'], /"" is empty: write a name/],
    [['publish', 't', ''], /message is empty/],
    [['publish', 't', 'm', ''], /message is empty/],
    [['publish', 't', 'm', '-'], /write it without other messages/],
    [['publish', 't', 'm', '--null'], /--null applies to stdin only/],
    [['publish', 't', 'm', '--retain', '0'], /--retain "0" is not an integer of at least 1/],
    [['publish', 't', 'm', '--retain', 'x'], /--retain "x" is not an integer/],
    [['publish', 't', 'm', '--retain-for', '0'], /--retain-for must be greater than 0/],
    [['publish', 't', 'm', '--retain-for', 'long'], /--retain-for "long" is not a duration/],
    [['publish', 'a=b', 'm'], /has an "="/],
    [['publish', 't', 'm', '--', 'true'], /takes no COMMAND/],
    [['subscribe'], /TOPIC is missing/],
    [['subscribe', ''], /"" is empty: write a name/],
    [['subscribe', 'deploy/'], /ends with a slash/],
    [['subscribe', 't', 'u'], /unexpected argument "u"/],
    [['subscribe', 't', '--from', 'then'], /"then" is not a position in a topic/],
    [['subscribe', 't', '--from', '0'], /"0" is not a position/],
    [['subscribe', 't', '--from', ''], /"" is not a position/],
    [['subscribe', 't', '--from', '1-xyz'], /"1-xyz" is not a position/],
    [['subscribe', 't', '--as', ''], /name of the subscriber "" is empty/],
    [['subscribe', 't', '--count', '0'], /--count "0" is not an integer of at least 1/],
    [['subscribe', 't', '--timeout', 'soon'], /--timeout "soon" is not a duration/],
    [['subscribe', 't', '--', 'true'], /takes no COMMAND/],
  ])('rdv %j', async (argv, says) => {
    const { code, stdout, stderr } = await new Place().rdv(...argv)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(/^[^\n]+\n$/)
    expect(stderr).toMatch(says)
  })
})

besideEach(REMOTE_STORES, 'publish and subscribe on $scheme', ({ scheme, start }) => {
  let store: Awaited<ReturnType<typeof start>>
  let proxy: TcpProxy
  let place: Place
  beforeAll(async () => {
    store = await start()
    proxy = await startProxy(store)
    place = new Place({ RDV_BACKEND: store.url })
  })
  afterAll(async () => {
    await proxy.stop()
    await store.stop()
  })

  test('1,500 messages that are published the instant it has subscribed', async () => {
    const publisher = place.startWithInput('publish', 'instant', '-')
    const subscriber = place.start('subscribe', 'instant', '--count', '1500')
    await subscriber.says(/subscribed/)
    publisher.stdin.end(`${sequence(1, 1_500).join('\n')}\n`)
    const { code, stdout } = await subscriber.ended
    expect(code).toBe(0)
    expect(lines(stdout)).toEqual(sequence(1, 1_500))
    expect(await publisher.ended).toMatchObject({ code: 0, stdout: '', stderr: '' })
  })

  test('a store that goes away in the middle: all 5,000, in order', async () => {
    const remote = new Place({ RDV_BACKEND: proxy.url(scheme) })
    const subscriber = remote.start('subscribe', 'away', '--count', '5000')
    await subscriber.says(/subscribed/)
    const publisher = place.startWithInput('publish', 'away', '-', '--timeout', '1m')
    const write = (from: number, to: number) =>
      publisher.stdin.write(`${sequence(from, to).join('\n')}\n`)
    write(1, 1_000)
    await subscriber.says(/^1000$/m)
    proxy.refuse()
    write(1_001, 2_000)
    await place.rdv('subscribe', 'away', '--from', '2000', '--count', '1')
    await proxy.accept()
    await subscriber.says(/^2000$/m)
    await store.kill()
    write(2_001, 4_000)
    await store.restart()
    await subscriber.says(/^4000$/m)
    write(4_001, 5_000)
    publisher.stdin.end()
    expect(await publisher.ended).toMatchObject({ code: 0 })
    const { code, stdout } = await subscriber.ended
    expect(code).toBe(0)
    expect(lines(stdout)).toEqual(sequence(1, 5_000))
  })

  test('a subscriber whose store is out of reach at the deadline ends with 120', async () => {
    const remote = new Place({ RDV_BACKEND: proxy.url(scheme) })
    const subscriber = remote.start('subscribe', 'gone', '--timeout', '8s')
    await subscriber.says(/subscribed/)
    proxy.refuse()
    expect(await subscriber.ended).toMatchObject({ code: 120 })
    await proxy.accept()
  })
})
