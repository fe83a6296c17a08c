import { execa } from 'execa'
import { expect, test } from 'vitest'
import { startLauncher } from '../../src/child/launcher.ts'
import { driver, gone, isGone, start } from './harness.ts'

const env = { PATH: '/usr/bin:/bin', PWD: process.cwd(), WORDS: ' a  "b"\nc ' }
const sh = (script: string) => ({ file: '/bin/sh', argv: ['sh', '-c', script] })

const launcherFor = async (script: string) => {
  const launcher = await startLauncher(execa, sh(script), env, true)
  if (!launcher) throw new Error('there is no launcher')
  return launcher
}

test('becomes the program, with the variables that it is told', async () => {
  const script = `[ "$A" = " x = 'y' " ] && [ "$WORDS" = ' a  "b"\nc ' ] && [ -z "$RDV_LAUNCH" ] && exit 7`
  const launcher = await launcherFor(script)
  launcher.go({ A: " x = 'y' ", RDV_LAUNCH: '' })
  expect(await launcher.ended).toEqual({ code: 7 })
})

test('keeps its process id', async () => {
  const launcher = await launcherFor('kill -s USR1 "$PARENT"; kill -s KILL $$')
  launcher.go({ PARENT: String(launcher.pid) })
  expect(await launcher.ended).toEqual({ code: 138, signal: 'SIGUSR1' })
})

test('waits until it is told, and only once', async () => {
  const launcher = await launcherFor('exit 0')
  expect(launcher.waiting).toBe(true)
  launcher.go({})
  expect(launcher.waiting).toBe(false)
  await launcher.ended
})

test('that somebody has killed waits no more', async () => {
  const launcher = await launcherFor('exit 0')
  process.kill(launcher.pid, 'SIGKILL')
  await launcher.ended
  expect(launcher.waiting).toBe(false)
})

test('goes away when it is not needed, without becoming the program', async () => {
  const launcher = await launcherFor('exit 7')
  launcher.discard()
  expect(await launcher.ended).not.toEqual({ code: 7 })
})

test.each([
  { environment: 'has a name that no shell understands', added: { 'a.b': 'x' } },
  { environment: 'has no folders of programs', added: { PATH: undefined } },
])('there is none where the environment $environment', async ({ added }) => {
  expect(await startLauncher(execa, sh('exit 0'), { ...env, ...added }, true)).toBeUndefined()
})

test('ends with who has started it', async () => {
  const started = start(driver('launcher'))
  const pid = Number(await started.says(/waits (\d+)/))
  started.child.kill('SIGKILL')
  await gone(pid)
  expect(isGone(pid)).toBe(true)
})
