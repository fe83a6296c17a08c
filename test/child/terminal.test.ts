import { describe, expect, test } from 'vitest'
import { driver, gone, isGone, type Started, start, stateOf, until } from './harness.ts'

const quoted = (command: readonly string[]): string => `'${command.join("' '")}'`
const supervise = (...args: string[]): string => quoted(driver('supervise', 'tell', '--', ...args))
const superviseAhead = (...args: string[]): string =>
  quoted(driver('supervise', 'ahead', '--', ...args))

/** Runs a shell's command line at a terminal of its own. script(1) is part of every Debian. */
const atTerminal = (line: string): Started =>
  start(['script', '--quiet', '--return', '--command', line, '/dev/null'], {
    env: { ...process.env, SHELL: '/bin/sh' },
  })

const FAMILY = 'sleep 300 & echo "is $$ $!"; wait'

describe.each([
  { stdin: 'the terminal', from: '' },
  { stdin: 'another file', from: '</dev/null' },
])('at a terminal, with $stdin as stdin', ({ from }) => {
  test.each([
    ['Ctrl-C', '\x03', 'SIGINT'],
    ['Ctrl-\\', '\x1c', 'SIGQUIT'],
  ])('%s reaches COMMAND once, and rdv outlives it', async (_key, byte, signal) => {
    const started = atTerminal(`exec ${supervise(...driver('listener'))} ${from}`)
    const child = Number(await started.says(/listening (\d+)/))
    started.child.stdin?.write(byte)
    await started.says(new RegExp(`rdv got ${signal}`))
    await started.says(new RegExp(`got ${signal} 1`))
    process.kill(child, 'SIGALRM')
    const { code, output } = await started.ended
    expect(code).toBe(7)
    expect(output).toContain('total 1')
  })

  test('TERM sent to rdv reaches COMMAND once', async () => {
    const started = atTerminal(`echo "rdv $$"; exec ${supervise(...driver('listener'))} ${from}`)
    const rdv = Number(await started.says(/rdv (\d+)/))
    const child = Number(await started.says(/listening (\d+)/))
    process.kill(rdv, 'SIGTERM')
    await started.says(/got SIGTERM 1/)
    process.kill(child, 'SIGALRM')
    expect(await started.ended).toMatchObject({
      code: 7,
      output: expect.stringContaining('total 1'),
    })
  })

  test('INT sent to rdv in the background reaches COMMAND', async () => {
    const job = `${supervise(...driver('listener'))} ${from} & echo "rdv $!"; wait $!`
    const started = atTerminal(`exec sh -mc "${job.replaceAll(/["$\\]/g, '\\$&')}"`)
    const rdv = Number(await started.says(/rdv (\d+)/))
    const child = Number(await started.says(/listening (\d+)/))
    process.kill(rdv, 'SIGINT')
    await started.says(/got SIGINT 1/)
    process.kill(child, 'SIGALRM')
    expect((await started.ended).code).toBe(7)
  })

  test('Ctrl-Z stops rdv and COMMAND, fg wakes both', async () => {
    const job = `sh -c 'echo "rdv $$"; exec "$@"' sh ${supervise(...driver('listener'))} ${from}`
    const script = `${job.replaceAll(/["$\\]/g, '\\$&')}; echo parked; fg`
    const started = atTerminal(`exec sh -mc "${script}"`)
    const rdv = Number(await started.says(/rdv (\d+)/))
    const child = Number(await started.says(/listening (\d+)/))
    started.child.stdin?.write('\x1a')
    await started.says(/parked/)
    await started.says(/got SIGCONT/)
    await until('both awake', () => stateOf(child) !== 'T' && stateOf(rdv) !== 'T')
    process.kill(child, 'SIGALRM')
    expect((await started.ended).code).toBe(7)
  })

  test('COMMAND stays in rdv’s process group and has /dev/tty', async () => {
    const script = 'echo to the terminal >/dev/tty; cut -d" " -f5 /proc/$$/stat /proc/$PPID/stat'
    const { output } = await atTerminal(`exec ${supervise('sh', '-c', script)} ${from}`).ended
    expect(output).toContain('to the terminal')
    const [own, parent] = output.match(/\d+/g) ?? []
    expect(own).toBeDefined()
    expect(own).toBe(parent)
  })

  test.each([
    ['at once', supervise],
    ['ahead', superviseAhead],
  ])('COMMAND, started %s, can ask at /dev/tty', async (_when, run) => {
    const script = 'echo Password: >/dev/tty; read -r answer </dev/tty; echo "it is $answer"'
    const started = atTerminal(`exec ${run('sh', '-c', script)} ${from}`)
    await started.says(/Password:/)
    started.child.stdin?.write('secret\n')
    await started.says(/it is secret/)
    expect((await started.ended).code).toBe(0)
  })

  test('kill -9 of rdv takes COMMAND and its descendants along', async () => {
    const started = atTerminal(`echo "rdv $$"; exec ${supervise('sh', '-c', FAMILY)} ${from}`)
    const rdv = Number(await started.says(/rdv (\d+)/))
    const pids = (await started.says(/is (\d+ \d+)/)).split(' ').map(Number)
    process.kill(rdv, 'SIGKILL')
    await Promise.all(pids.map(gone))
    expect(pids.map(isGone)).toEqual([true, true])
  })

  test('a terminal that is closed ends COMMAND and rdv', async () => {
    const started = atTerminal(`echo "rdv $$"; exec ${supervise('sh', '-c', FAMILY)} ${from}`)
    const rdv = Number(await started.says(/rdv (\d+)/))
    const pids = (await started.says(/is (\d+ \d+)/)).split(' ').map(Number)
    started.child.kill('SIGKILL')
    await Promise.all([rdv, ...pids].map(gone))
    expect([rdv, ...pids].map(isGone)).toEqual([true, true, true])
  })
})

test('with another stdin, TERM sent to rdv reaches COMMAND’s children as well', async () => {
  const started = atTerminal(`echo "rdv $$"; exec ${supervise('sh', '-c', FAMILY)} </dev/null`)
  const rdv = Number(await started.says(/rdv (\d+)/))
  const pids = (await started.says(/is (\d+ \d+)/)).split(' ').map(Number)
  process.kill(rdv, 'SIGTERM')
  expect((await started.ended).code).toBe(143)
  await Promise.all(pids.map(gone))
})
