import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { childrenOf } from '../../src/child/command-processes.ts'
import { driver, gone, isGone, run, start, until } from './harness.ts'

const supervise = (...args: string[]) => driver('supervise', ...args)

const namesOf = (pid: number): string => readFileSync(`/proc/${pid}/cmdline`, 'latin1')
// Descriptors that come from the surroundings of the tests have higher numbers.
const descriptorsOf = (pid: number): string[] =>
  readdirSync(`/proc/${pid}/fd`).filter((fd) => Number(fd) < 10)

const children = (pid: number, command: number): [guard: number] => {
  const [watchdog] = childrenOf(pid).filter((child) => child !== command)
  if (watchdog === undefined) throw new Error('there is no guard')
  return [watchdog]
}

test('kill -9 of rdv takes COMMAND and its children along', async () => {
  const started = start(supervise('--', 'sh', '-c', 'sleep 300 & echo "is $$ $!"; wait'))
  const pids = (await started.says(/is (\d+ \d+)/)).split(' ').map(Number)
  expect(pids.map(isGone)).toEqual([false, false])
  process.kill(started.pid, 'SIGKILL')
  await Promise.all(pids.map(gone))
})

test('a kill -9 that reaches rdv’s whole group spares the guard', async () => {
  const started = start([
    ...['setsid', '--fork', 'sh', '-c', 'echo "group $$"; "$@"; echo end', 'sh'],
    ...supervise('--', 'sh', '-c', 'echo "is $$"; exec sleep 300'),
  ])
  const group = Number(await started.says(/group (\d+)/))
  const pid = Number(await started.says(/is (\d+)/))
  process.kill(-group, 'SIGKILL')
  await gone(pid)
  expect(isGone(pid)).toBe(true)
})

test('the guard is gone after a normal end, and holds nothing of rdv’s', async () => {
  const started = start(supervise('--', 'sh', '-c', 'echo "is $$"; read -r line'))
  const pid = Number(await started.says(/is (\d+)/))
  const [watchdog] = children(started.pid, pid)
  expect(namesOf(watchdog)).toContain('/bin/sh')
  await until('the guard reads', () => descriptorsOf(watchdog).length === 3)
  started.child.stdin?.end('\n')
  expect(await started.ended).toMatchObject({ code: 0 })
  await gone(watchdog)
})

test('the guard ignores what ends other processes', async () => {
  const started = start(supervise('--', 'sh', '-c', 'echo "is $$"; exec sleep 300'))
  const pid = Number(await started.says(/is (\d+)/))
  const [watchdog] = children(started.pid, pid)
  await until('the guard ignores signals', () => ignores(watchdog, 15))
  for (const signal of ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGUSR1'] as const)
    process.kill(watchdog, signal)
  process.kill(started.pid, 'SIGKILL')
  await gone(pid)
  expect(isGone(pid)).toBe(true)
})

test('rdv survives the death of its guard', async () => {
  const started = start(supervise('--', 'sh', '-c', 'echo "is $$"; read -r line; exit 5'))
  const pid = Number(await started.says(/is (\d+)/))
  const [watchdog] = children(started.pid, pid)
  process.kill(watchdog, 'SIGKILL')
  await gone(watchdog)
  started.child.stdin?.end('\n')
  expect(await started.ended).toMatchObject({ code: 5, output: `is ${pid}\n` })
})

test('COMMAND does not get the guard’s pipe', async () => {
  const { stdout } = await run(supervise('--', 'sh', '-c', 'ls /proc/$$/fd'))
  expect(
    stdout
      .trim()
      .split('\n')
      .map(Number)
      .filter((fd) => fd < 10),
  ).toEqual([0, 1, 2])
})

const SHELLS = ['/bin/sh', '/no/such/shell']
const FAMILY = 'sleep 300 & echo "is $$ $!"; wait'

test.each(SHELLS)('a guard by %s kills a process and its children', async (shell) => {
  const guarded = start(driver('watchdog', shell, 'watch', 'sh', '-c', FAMILY))
  const pids = (await guarded.says(/is (\d+ \d+)/)).split(' ').map(Number)
  await guarded.says(/watched/)
  process.kill(guarded.pid, 'SIGKILL')
  await Promise.all(pids.map(gone))
  expect(pids.map(isGone)).toEqual([true, true])
})

test.each(SHELLS)(
  'a guard by %s that was told no process id finds it by its mark',
  async (shell) => {
    const guarded = start(driver('watchdog', shell, 'unknown', 'sh', '-c', FAMILY))
    const pids = (await guarded.says(/is (\d+ \d+)/)).split(' ').map(Number)
    process.kill(guarded.pid, 'SIGKILL')
    await Promise.all(pids.map(gone))
    expect(pids.map(isGone)).toEqual([true, true])
  },
)

test.each(SHELLS)('a guard by %s lets COMMAND be when it is done', async (shell) => {
  const guarded = start(
    driver('watchdog', shell, 'done', 'sh', '-c', 'echo "is $$"; exec sleep 300 >&- 2>&-'),
  )
  const pid = Number(await guarded.says(/is (\d+)/))
  await gone(Number(await guarded.says(/guard (\d+)/)))
  expect(isGone(pid)).toBe(false)
  process.kill(pid, 'SIGKILL')
})

const ignores = (pid: number, signal: number): boolean => {
  const [, mask = '0'] =
    /^SigIgn:\s*(\w+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1')) ?? []
  return ((BigInt(`0x${mask}`) >> BigInt(signal - 1)) & 1n) === 1n
}
