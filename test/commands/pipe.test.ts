import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { temporaryFolder } from '../services/watchdog.ts'
import {
  bytesRead,
  namespaceOf,
  numbers,
  peakMemory,
  sorted,
  startStalled,
  text,
  untilIdle,
  untilKeys,
  untilMembers,
  urlOf,
} from './pipes.ts'
import { lines, Place } from './rdv.ts'

const MEBIBYTE = 1024 * 1024

/** The number of messages that are buffered for a group. */
const BUFFERED = 128

const place = (): Place => new Place()

const linesOf = async (running: { ended: Promise<{ stdout: string }> }): Promise<string[]> =>
  lines((await running.ended).stdout)

describe('lines', () => {
  test('wait for the first group, and come in order', async () => {
    const here = place()
    const sender = here.startWithInput('pipe', 'send', 'jobs')
    sender.stdin.end(text(numbers(1, 1_000)))
    const member = here.start('pipe', 'receive', 'jobs', '--group', 'g')
    expect(await member.ended).toMatchObject({
      code: 0,
      stderr: '',
      stdout: text(numbers(1, 1_000)),
    })
    expect(await sender.ended).toMatchObject({ code: 0, stdout: '', stderr: '' })
  })

  test('that are empty, long, or end without a line feed come as they are', async () => {
    const here = place()
    const input = ['', 'a b', 'x'.repeat(300_000), '', 'ünï'].join('\n')
    const sender = here.startWithInput('pipe', 'send', 'jobs')
    sender.stdin.end(input)
    const member = here.start('pipe', 'receive', 'jobs', '--group', 'g')
    expect((await member.ended).stdout).toBe(`${input}\n`)
  })

  test('of any bytes come with --null', async () => {
    const here = place()
    const sender = here.startWithInput('pipe', 'send', 'jobs', '--null')
    sender.stdin.end('one\ntwo\0\0three')
    const member = here.start('pipe', 'receive', 'jobs', '--group', 'g', '--null')
    expect((await member.ended).stdout).toBe('one\ntwo\0\0three\0')
  })

  test('come as JSON, and those that are no text in base64', async () => {
    const here = place()
    const sender = here.startWithInput('pipe', 'send', 'jobs', '--json')
    sender.stdin.end(Buffer.from([0x61, 10, 0xff, 10]))
    const member = here.start('pipe', 'receive', 'jobs', '--group', 'g', '--json')
    const parsed = (await linesOf(member)).map((line) => JSON.parse(line))
    expect(parsed).toEqual([
      { ok: true, message: 'a' },
      { ok: true, base64: '/w==' },
    ])
    expect(JSON.parse((await sender.ended).stdout)).toEqual({
      ok: true,
      pipe: 'jobs',
      sent: 2,
      dropped: 0,
    })
  })

  test('none: the receivers end, too', async () => {
    const here = place()
    const sender = here.startWithInput('pipe', 'send', 'jobs', '--group', 'g')
    const member = here.start('pipe', 'receive', 'jobs', '--group', 'g')
    await untilMembers(await namespaceOf(here), 'jobs', 'g', 1)
    sender.stdin.end()
    expect(await member.ended).toMatchObject({ code: 0, stdout: '' })
    expect(await sender.ended).toMatchObject({ code: 0 })
  })

  test('beyond 8 MiB: exit code 2, naming the limit', async () => {
    const here = place()
    const sender = here.startWithInput('pipe', 'send', 'jobs', '--group', 'g')
    sender.stdin.on('error', () => {})
    sender.stdin.write('x'.repeat(8 * 1024 * 1024 + 1))
    const { code, stderr } = await sender.ended
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: 'rdv: a message is longer than 8388608 bytes: shorten it\n',
    })
  })
})

describe('a group', () => {
  test('that was declared gets everything, also before its first member has come', async () => {
    const here = place()
    const sender = here.startWithInput('pipe', 'send', 'jobs', '--group', 'later', '--group', 'now')
    const now = here.start('pipe', 'receive', 'jobs', '--group', 'now')
    sender.stdin.end(text(numbers(1, 100)))
    await now.says(/^100$/m)
    const later = here.start('pipe', 'receive', 'jobs', '--group', 'later')
    expect(await linesOf(later)).toEqual(numbers(1, 100))
    expect(await linesOf(now)).toEqual(numbers(1, 100))
  })

  test('that is stalled lets others have what is buffered for it, then stdin is not read', async () => {
    const here = place()
    // Both groups are declared, because the sender may read its stdin before it sees which receivers have come.
    const groups = ['--group', 'stalled', '--group', 'free']
    const sender = here.startWithInput('pipe', 'send', 'jobs', ...groups)
    const free = here.start('pipe', 'receive', 'jobs', '--group', 'free')
    sender.stdin.end(text(numbers(1, 10_000)))
    await free.says(new RegExp(`^${BUFFERED}$`, 'm'))
    const stalled = here.start('pipe', 'receive', 'jobs', '--group', 'stalled')
    expect(await linesOf(stalled)).toEqual(numbers(1, 10_000))
    expect((await linesOf(free)).at(-1)).toBe('10000')
    expect(await sender.ended).toMatchObject({ code: 0 })
  })

  test('that is stalled loses what it has no room for with --drop, and only that', async () => {
    const here = place()
    const sender = here.startWithInput(
      'pipe',
      'send',
      'jobs',
      '--drop',
      '--json',
      '--group',
      'stalled',
      '--group',
      'free',
    )
    const free = here.start('pipe', 'receive', 'jobs', '--group', 'free')
    // slow enough for the group that reads
    for (const number of numbers(1, 300)) {
      sender.stdin.write(`${number}\n`)
      await free.says(new RegExp(`^${number}$`, 'm'))
    }
    sender.stdin.end()
    const stalled = here.start('pipe', 'receive', 'jobs', '--group', 'stalled')
    expect(await linesOf(stalled)).toEqual(numbers(1, BUFFERED))
    expect(await linesOf(free)).toEqual(numbers(1, 300))
    const { stdout, stderr } = await sender.ended
    expect(JSON.parse(stdout)).toMatchObject({ sent: 300, dropped: 300 - BUFFERED })
    expect(stderr).toBe(`rdv: ${300 - BUFFERED} messages were dropped\n`)
  })

  test('there is none: with --drop everything is dropped', async () => {
    const here = place()
    const sender = here.startWithInput('pipe', 'send', 'jobs', '--drop', '--json')
    sender.stdin.end(text(numbers(1, 10)))
    const { code, stdout } = await sender.ended
    expect({ code, ...JSON.parse(stdout) }).toMatchObject({ code: 0, sent: 10, dropped: 10 })
  })

  test('whose last member has gone holds nobody up, unless it was declared', async () => {
    const here = place()
    const namespace = await namespaceOf(here)
    const sender = here.startWithInput('pipe', 'send', 'jobs')
    const stays = here.start('pipe', 'receive', 'jobs', '--group', 'stays')
    const passing = here.start('pipe', 'receive', 'jobs', '--group', 'passing', '--count', '1')
    await Promise.all([urlOf(namespace, 'jobs', 'stays'), urlOf(namespace, 'jobs', 'passing')])
    sender.stdin.write(text(numbers(1, 500)))
    expect(await passing.ended).toMatchObject({ code: 0, stdout: '1\n' })
    await sender.says(
      /the last member of passing has left: \d+ messages for the group were dropped/,
    )
    sender.stdin.end()
    expect(await linesOf(stays)).toEqual(numbers(1, 500))
    expect(await sender.ended).toMatchObject({ code: 0 })
  })
})

describe('members of a group', () => {
  test('share', async () => {
    const here = place()
    const sender = here.startWithInput('pipe', 'send', 'jobs')
    const members = [1, 2, 3].map(() => here.start('pipe', 'receive', 'jobs', '--group', 'g'))
    await untilMembers(await namespaceOf(here), 'jobs', 'g', 3)
    sender.stdin.end(text(numbers(1, 5_000)))
    const got = await Promise.all(members.map(linesOf))
    expect(sorted(got.flat())).toEqual(numbers(1, 5_000))
    for (const one of got) expect(sorted(one)).toEqual(one)
  })

  test('take no more than --count says, and the next ones get what follows', async () => {
    const here = place()
    const sender = here.startWithInput('pipe', 'send', 'jobs')
    sender.stdin.end(text(numbers(1, 200)))
    const got: string[] = []
    for (const count of ['1', '2', '150']) {
      const member = here.start('pipe', 'receive', 'jobs', '--group', 'g', '--count', count)
      got.push(...(await linesOf(member)))
    }
    expect(got).toEqual(numbers(1, 153))
    const last = here.start('pipe', 'receive', 'jobs', '--group', 'g')
    expect(await linesOf(last)).toEqual(numbers(154, 200))
  })

  test('are awaited with --min before the first line is read', async () => {
    const here = place()
    const namespace = await namespaceOf(here)
    const sender = here.startWithInput('pipe', 'send', 'jobs', '--group', 'g', '--min', '2')
    sender.stdin.end(text(numbers(1, 100)))
    const one = here.start('pipe', 'receive', 'jobs', '--group', 'g')
    await untilMembers(namespace, 'jobs', 'g', 1)
    const other = here.start('pipe', 'receive', 'jobs', '--group', 'g')
    const got = await Promise.all([one, other].map(linesOf))
    expect(sorted(got.flat())).toEqual(numbers(1, 100))
    expect(await sender.ended).toMatchObject({ code: 0 })
  })

  test('that are frozen leave the rest to the others', async () => {
    const here = place()
    const namespace = await namespaceOf(here)
    const sender = here.startWithInput('pipe', 'send', 'jobs')
    const frozen = here.start('pipe', 'receive', 'jobs', '--group', 'g')
    sender.stdin.write('0\n')
    await frozen.says(/^0$/m)
    frozen.kill('SIGSTOP')
    const other = here.start('pipe', 'receive', 'jobs', '--group', 'g')
    await untilMembers(namespace, 'jobs', 'g', 2)
    sender.stdin.end(text(numbers(1, 20_000)))
    await other.says(/^20000$/m)
    frozen.kill('SIGCONT')
    const got = [...(await linesOf(frozen)), ...(await linesOf(other))]
    expect(sorted(got)).toEqual(numbers(0, 20_000))
  })

  test('that are killed take what was on its way to them, and no more', async () => {
    const here = place()
    const sender = here.startWithInput('pipe', 'send', 'jobs')
    const killed = here.start('pipe', 'receive', 'jobs', '--group', 'g')
    sender.stdin.write('0\n')
    await killed.says(/^0$/m)
    killed.kill('SIGSTOP')
    sender.stdin.end(text(numbers(1, 20_000)))
    const other = here.start('pipe', 'receive', 'jobs', '--group', 'g')
    await other.says(/^20000$/m)
    killed.kill('SIGKILL')
    expect(await sender.ended).toMatchObject({ code: 0 })
    const got = await linesOf(other)
    expect(sorted(got)).toEqual(got)
    expect(20_000 - got.length).toBeLessThanOrEqual(BUFFERED)
  })

  test('that are told to end print what was on its way to them', async () => {
    const here = place()
    const namespace = await namespaceOf(here)
    const sender = here.startWithInput('pipe', 'send', 'jobs')
    const member = here.startSh(
      'rdv pipe receive jobs --group g & pid=$!; trap "kill -TERM $pid" TERM; wait; wait $pid',
    )
    sender.stdin.write(text(numbers(1, 100)))
    await member.says(/^1$/m)
    member.kill('SIGTERM')
    const { code, stdout } = await member.ended
    expect(code).toBe(143)
    await untilMembers(namespace, 'jobs', 'g', 0)
    const other = here.start('pipe', 'receive', 'jobs', '--group', 'g')
    sender.stdin.end(text(numbers(101, 200)))
    expect([...lines(stdout), ...(await linesOf(other))]).toEqual(numbers(1, 200))
  })

  test('whose reader is slow hold the sender up, and neither needs more memory', async () => {
    const here = place()
    const input = join(temporaryFolder('input'), 'lines')
    writeFileSync(input, Buffer.alloc(100 * MEBIBYTE, `${'x'.repeat(1_000)}\n`))
    const sender = here.startSh('exec rdv pipe send jobs <"$1"', input)
    const member = startStalled(here)
    await untilMembers(await namespaceOf(here), 'jobs', 'g', 1)
    await untilIdle(sender.pid)
    for (const { pid } of [sender, member]) expect(peakMemory(pid)).toBeLessThan(100 * MEBIBYTE)
    expect(bytesRead(sender.pid)).toBeLessThan(20 * MEBIBYTE)
  })
})

describe('a sender', () => {
  test('is the only one of its name: the second gets 1, and the first is untouched', async () => {
    const here = place()
    const first = here.startWithInput('pipe', 'send', 'jobs', '--group', 'g')
    await urlOf(await namespaceOf(here), 'jobs', 'g')
    const { code, stderr } = await here.rdv('pipe', 'send', 'jobs')
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringMatching(
        new RegExp(`^rdv: the pipe jobs is held by .+ \\(pid ${first.pid}\\)\n$`),
      ),
    })
    first.stdin.end('still here\n')
    const member = here.start('pipe', 'receive', 'jobs', '--group', 'g')
    expect((await member.ended).stdout).toBe('still here\n')
  })

  test('that is killed is followed by another one, which the members find', async () => {
    const here = place()
    const namespace = await namespaceOf(here)
    const first = here.startWithInput('pipe', 'send', 'jobs')
    const member = here.start('pipe', 'receive', 'jobs', '--group', 'g')
    first.stdin.write('one\n')
    await member.says(/^one$/m)
    first.kill('SIGKILL')
    await untilKeys(namespace, (keys) => !keys.includes('rdv/pipe/jobs'))
    const second = here.startWithInput('pipe', 'send', 'jobs')
    second.stdin.end('two\n')
    expect(await member.ended).toMatchObject({ code: 0, stdout: 'one\ntwo\n' })
    expect(await second.ended).toMatchObject({ code: 0 })
  })

  test('whose session was lost goes on with a new one, and no line is lost', async () => {
    const here = place()
    const namespace = await namespaceOf(here)
    const sender = here.startWithInput('pipe', 'send', 'jobs')
    const member = here.start('pipe', 'receive', 'jobs', '--group', 'g')
    sender.stdin.write('one\n')
    await member.says(/^one$/m)
    for (const { lease } of (await namespace.backend.list('rdv/pipe/')).entries) {
      await namespace.backend.revoke(lease ?? '')
    }
    await sender.says(/joining again/)
    await member.says(/joining again/)
    sender.stdin.write('two\n')
    await member.says(/^two$/m)
    await untilMembers(namespace, 'jobs', 'g', 1)
    const other = here.start('pipe', 'receive', 'jobs', '--group', 'other')
    await urlOf(namespace, 'jobs', 'other')
    sender.stdin.end('three\n')
    expect((await member.ended).stdout).toBe('one\ntwo\nthree\n')
    expect((await other.ended).stdout).toBe('three\n')
    expect(await sender.ended).toMatchObject({ code: 0 })
  })

  test('that was stopped for so long that another one has taken its name ends with 121', async () => {
    const here = place()
    const namespace = await namespaceOf(here)
    const first = here.startWithInput('pipe', 'send', 'jobs', '--group', 'g')
    await urlOf(namespace, 'jobs', 'g')
    first.kill('SIGSTOP')
    await namespace.backend.revoke((await namespace.backend.get('rdv/pipe/jobs'))?.lease ?? '')
    const second = here.startWithInput('pipe', 'send', 'jobs', '--group', 'g')
    await urlOf(namespace, 'jobs', 'g')
    first.kill('SIGCONT')
    const { code, stderr } = await first.ended
    expect({ code, stderr }).toEqual({
      code: 121,
      stderr: expect.stringContaining('another sender has taken over the pipe'),
    })
    second.stdin.end('one\n')
    const member = here.start('pipe', 'receive', 'jobs', '--group', 'g')
    expect((await member.ended).stdout).toBe('one\n')
  })

  test('that came to its end is not what a later receiver waits for', async () => {
    const here = place()
    const first = here.startWithInput('pipe', 'send', 'jobs')
    first.stdin.end('one\n')
    expect((await here.rdv('pipe', 'receive', 'jobs', '--group', 'g')).stdout).toBe('one\n')
    await first.ended
    const late = here.start('pipe', 'receive', 'jobs', '--group', 'g')
    const second = here.startWithInput('pipe', 'send', 'jobs')
    second.stdin.end('two\n')
    expect((await late.ended).stdout).toBe('two\n')
  })

  test('is not held up by who is hostile', async () => {
    const here = place()
    const namespace = await namespaceOf(here)
    const sender = here.startWithInput('pipe', 'send', 'jobs', '--group', 'g')
    const { port } = new URL((await urlOf(namespace, 'jobs', 'g')).replace('tcp', 'http'))
    const hostile = connect(Number(port), '127.0.0.1').on('error', () => {})
    hostile.resume().write('GET / HTTP/1.1\r\n\r\n')
    await once(hostile, 'close')
    sender.stdin.end('one\n')
    const member = here.start('pipe', 'receive', 'jobs', '--group', 'g')
    expect((await member.ended).stdout).toBe('one\n')
  })
})

describe('who is interrupted leaves nothing behind', () => {
  test.each([
    ['a sender that waits for stdin', 'SIGTERM', 143, ['send', 'jobs', '--group', 'g']],
    ['a receiver that waits for a sender', 'SIGINT', 130, ['receive', 'jobs', '--group', 'g']],
  ] as const)('%s', async (_, signal, code, argv) => {
    const here = place()
    const namespace = await namespaceOf(here)
    const running = here.startWithInput('pipe', ...argv)
    await untilKeys(namespace, (keys) => keys.some((key) => /url|member/.test(key)))
    running.kill(signal)
    expect(await running.ended).toMatchObject({ code, stdout: '', stderr: '' })
    expect((await namespace.backend.list('rdv/')).entries).toEqual([])
  })

  test('a receiver whose stdout nobody reads', async () => {
    const here = place()
    const namespace = await namespaceOf(here)
    const sender = here.startWithInput('pipe', 'send', 'jobs')
    sender.stdin.on('error', () => {})
    sender.stdin.write(text(numbers(1, 100_000)))
    const stalled = startStalled(here)
    await untilMembers(namespace, 'jobs', 'g', 1)
    await untilIdle(stalled.pid)
    stalled.kill('SIGTERM')
    expect(await stalled.ended).toMatchObject({ code: 143, stderr: '' })
    await untilMembers(namespace, 'jobs', 'g', 0)
  })

  test('a receiver whose reader has gone', async () => {
    const here = place()
    const sender = here.startWithInput('pipe', 'send', 'jobs')
    sender.stdin.on('error', () => {})
    sender.stdin.write(text(Array<string>(100_000).fill('y')))
    const { stdout, stderr } = await here.sh(
      '{ rdv pipe receive jobs --group g; echo "ended with $?" >&2; } | head -n 1',
    )
    expect(stdout).toBe('y\n')
    // Messages that have arrived at the receiver meanwhile are reported.
    expect(stderr).toMatch(/^(rdv: \d+ messages? (was|were) not read: .* lost\n)?ended with 141\n$/)
  })
})

test('a deadline ends both with 124', async () => {
  const here = place()
  const receiver = here.rdv('pipe', 'receive', 'jobs', '--group', 'g', '--timeout', '1s')
  expect(await receiver).toMatchObject({ code: 124, stdout: '' })
  const sender = here.startWithInput('pipe', 'send', 'jobs', '--timeout', '1s')
  expect(await sender.ended).toMatchObject({ code: 124, stdout: '' })
})

describe('bad input is refused with 2, and nothing is done', () => {
  test.each([
    [['send'], /the argument DEST is missing/],
    [['send', ''], /the pipe "" is empty/],
    [['send', 'a//b'], /empty part/],
    [['send', 'a/member/b'], /has a part "member"/],
    [['send', 'a', 'b'], /unexpected argument/],
    [['send', 'a', '--group', ''], /the group "" is empty/],
    [['send', 'a', '--group', 'b/c'], /has a slash/],
    [['send', 'a', '--listen', ''], /--listen "" is not HOST/],
    [['send', 'a', '--listen', 'h:70000'], /is not HOST/],
    [['send', 'a', '--listen', 'tcp://h:1'], /is not HOST/],
    [['send', 'a', '--advertise', 'h:1'], /--advertise "h:1" is not a host/],
    [['send', 'a', '--ttl', '0'], /greater than 0/],
    [['send', 'a', '--min', 'x'], /integer of at least 0/],
    [['send', 'a', '--timeout', 'soon'], /not a duration/],
    [['receive', 'a'], /--group is missing: write --group GROUP/],
    [['receive', 'a', '--group', 'a=b'], /has an "="/],
    [['receive', 'a', '--group', 'g', '--count', '0'], /integer of at least 1/],
    [['receive', 'a', '--group', 'g', '--count', '-1'], /integer of at least 1/],
    [['receive', 'a', '--group', 'g', '--', 'cat'], /takes no COMMAND/],
  ])('%j', async (argv, sentence) => {
    const { code, stdout, stderr } = await place().rdv('pipe', ...argv)
    expect({ code, stdout, stderr }).toEqual({
      code: 2,
      stdout: '',
      stderr: expect.stringMatching(sentence),
    })
  })
})

test('an address that cannot be listened on is said', async () => {
  const here = place()
  const { code, stderr } = await here.rdv(
    'pipe',
    'send',
    'a',
    '--group',
    'g',
    '--listen',
    '192.0.2.1',
  )
  expect({ code, stderr }).toEqual({
    code: 120,
    stderr: 'rdv: cannot listen on 192.0.2.1: address not available\n',
  })
  expect((await (await namespaceOf(here)).backend.list('rdv/')).entries).toEqual([])
})
