import { expect, test } from 'vitest'
import { driver, gone, type Started, start, stateOf, until } from './harness.ts'

const quoted = (command: readonly string[]): string => `'${command.join("' '")}'`
const supervise = (...args: string[]): string => quoted(driver('supervise', 'tell', '--', ...args))

/** Runs a shell's command line at a terminal of its own; script(1) is part of every Debian. */
const atTerminal = (line: string): Started =>
  start(['script', '--quiet', '--return', '--command', line, '/dev/null'], {
    env: { ...process.env, SHELL: '/bin/sh' },
  })

test.each([
  ['Ctrl-C', '\x03', 'SIGINT'],
  ['Ctrl-\\', '\x1c', 'SIGQUIT'],
])('%s reaches COMMAND once, and rdv outlives it', async (_key, byte, signal) => {
  const started = atTerminal(`exec ${supervise(...driver('listener'))}`)
  const child = Number(await started.says(/listening (\d+)/))
  started.child.stdin?.write(byte)
  await started.says(new RegExp(`rdv got ${signal}`))
  await started.says(new RegExp(`got ${signal} 1`))
  process.kill(child, 'SIGALRM')
  const { code, output } = await started.ended
  expect(code).toBe(7)
  expect(output).toContain('total 1')
})

test('TERM sent to rdv reaches COMMAND', async () => {
  const started = atTerminal(`echo "rdv $$"; exec ${supervise(...driver('listener'))}`)
  const rdv = Number(await started.says(/rdv (\d+)/))
  const child = Number(await started.says(/listening (\d+)/))
  process.kill(rdv, 'SIGTERM')
  await started.says(/got SIGTERM 1/)
  process.kill(child, 'SIGALRM')
  expect((await started.ended).code).toBe(7)
})

test('Ctrl-Z stops rdv and COMMAND, fg wakes both', async () => {
  const job = `sh -c 'echo "rdv $$"; exec "$@"' sh ${supervise(...driver('listener'))}`
  const started = atTerminal(`exec sh -mc "${job.replaceAll(/["$\\]/g, '\\$&')}; echo parked; fg"`)
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
  const { output } = await atTerminal(`exec ${supervise('sh', '-c', script)}`).ended
  expect(output).toContain('to the terminal')
  const [own, parent] = output.match(/\d+/g) ?? []
  expect(own).toBeDefined()
  expect(own).toBe(parent)
})

test('kill -9 of rdv takes COMMAND and its descendants along', async () => {
  const family = 'sleep 300 & echo "is $$ $!"; wait'
  const started = atTerminal(`echo "rdv $$"; exec ${supervise('sh', '-c', family)}`)
  const rdv = Number(await started.says(/rdv (\d+)/))
  const pids = (await started.says(/is (\d+ \d+)/)).split(' ').map(Number)
  process.kill(rdv, 'SIGKILL')
  await Promise.all(pids.map(gone))
})
