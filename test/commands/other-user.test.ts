import { spawnSync } from 'node:child_process'
import { chmodSync, chownSync, copyFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, onTestFinished, test } from 'vitest'
import { gone, isGone } from '../child/harness.ts'
import { temporaryFolder } from '../services/watchdog.ts'
import { program } from './executable.ts'
import { lines, Place, type Running } from './rdv.ts'

const USER = 65_534
const AS_USER = ['setpriv', `--reuid=${USER}`, `--regid=${USER}`, '--clear-groups']

/** A setuid env(1) of root. The program that it starts has root's rights, but belongs to the user who starts it. */
const rootsEnv = (): string | undefined => {
  if (process.getuid?.() !== 0) return undefined
  const file = join(temporaryFolder('setuid'), 'env')
  copyFileSync('/usr/bin/env', file)
  chmodSync(dirname(file), 0o755)
  chmodSync(file, 0o4755)
  const [tool = '', ...args] = [...AS_USER, file, 'id', '-u']
  return spawnSync(tool, args, { encoding: 'utf8' }).stdout.trim() === '0' ? file : undefined
}

const env = rootsEnv()
const sudo = [
  env ?? '',
  process.execPath,
  fileURLToPath(new URL('fixtures/sudo.ts', import.meta.url)),
]
/** Becomes root's entirely, so that no process is left that the user may signal. */
const become = [env ?? '', 'setpriv', '--reuid=0', '--regid=0', '--clear-groups']

const STUBBORN = [
  'sh',
  '-c',
  `trap 'echo "job got TERM"' TERM; echo "job $$"; while :; do sleep 0.1; done`,
]
const WILLING = [
  'sh',
  '-c',
  `trap 'echo "job got TERM"; exit 0' TERM; echo "job $$"; while :; do sleep 0.1; done`,
]

/** A store that belongs to the user. */
const usersPlace = (): Place => {
  const place = new Place()
  chownSync(dirname(place.directory), USER, USER)
  return place
}

/** Runs rdv as the user. Root ends the processes that the user cannot end. */
const startAsUser = async (place: Place, ...argv: string[]) => {
  const [file, args] = program(argv)
  const running = place.startSh('exec "$@"', ...AS_USER, file, ...args)
  const job = Number((await running.says(/job (\d+)/))[1])
  const end = () => void process.kill(job, 'SIGKILL')
  onTestFinished(() => {
    if (!isGone(job)) end()
  })
  return { running, job, end }
}

/** Whether the lock is refused to other processes. */
const isHeld = async (place: Place): Promise<boolean> =>
  (await place.rdv('lock', 'l', '--try', '--', 'true')).code === 1

const hasEnded = async (running: Running): Promise<boolean> =>
  Promise.race([
    running.exited.then(() => true),
    new Promise<boolean>((resolve) => setImmediate(resolve, false)),
  ])

/** Takes the lock away from outside. */
const takeAway = (place: Place) => place.rdv('clear', '--all', 'l')

describe.runIf(env)('a COMMAND whose job belongs to another user', () => {
  test('is told to end by a loss: rdv says which process it may not end, and waits for it', async () => {
    const place = usersPlace()
    const { running, job, end } = await startAsUser(place, 'lock', 'l', '--', ...sudo, ...STUBBORN)
    await takeAway(place)
    const [said] = await running.says(/rdv: COMMAND cannot be ended.*\n/)
    expect(said).toMatch(
      new RegExp(` process ${job} \\(\\w+\\) belongs to another user.*kill ${job}\n$`),
    )
    await running.says(/job got TERM/)
    expect(await hasEnded(running)).toBe(false)
    end()
    const { code, stdout, stderr } = await running.ended
    expect(code).toBe(121)
    expect(stdout.match(/job got TERM/g)).toHaveLength(1)
    expect(lines(stderr).at(-1)).toMatch(/^rdv: .*by another client/)
  })

  test('that heeds TERM has ended when rdv does', async () => {
    const place = usersPlace()
    const { running, job } = await startAsUser(place, 'lock', 'l', '--', ...sudo, ...WILLING)
    await takeAway(place)
    expect(await running.ended).toMatchObject({ code: 121, stdout: `job ${job}\njob got TERM\n` })
    expect(isGone(job)).toBe(true)
  })

  test('keeps the lock after kill -9 of rdv, on the embedded store, until it has ended', async () => {
    const place = usersPlace()
    const { running, job, end } = await startAsUser(place, 'lock', 'l', '--', ...sudo, ...STUBBORN)
    running.kill('SIGKILL')
    await running.says(/job got TERM/)
    expect(await isHeld(place)).toBe(true)
    expect(isGone(job)).toBe(false)
    end()
    expect(await place.rdv('lock', 'l', '--timeout', '3m', '--', 'true')).toMatchObject({ code: 0 })
  })

  test('gets TERM after kill -9 of rdv, before the next one has the lock', async () => {
    const place = usersPlace()
    const { running, job } = await startAsUser(place, 'lock', 'l', '--', ...sudo, ...WILLING)
    running.kill('SIGKILL')
    expect(await place.rdv('lock', 'l', '--timeout', '3m', '--', 'true')).toMatchObject({ code: 0 })
    expect(isGone(job)).toBe(true)
    expect((await running.ended).stdout).toContain('job got TERM')
  })

  test('all of it: a signal that cannot be handed on is said, and rdv waits', async () => {
    const place = usersPlace()
    const { running, job, end } = await startAsUser(
      place,
      'lock',
      'l',
      '--',
      ...become,
      ...STUBBORN,
    )
    running.kill('SIGTERM')
    await running.says(new RegExp(`SIGTERM was not forwarded.*sudo kill -s TERM ${job}\n`))
    expect(await isHeld(place)).toBe(true)
    end()
    expect(await running.ended).toMatchObject({ code: 137 })
    await gone(job)
  })

  test('all of it, after kill -9 of rdv: it is held until that has ended', async () => {
    const place = usersPlace()
    const { running, end } = await startAsUser(place, 'lock', 'l', '--', ...become, ...STUBBORN)
    running.kill('SIGKILL')
    await running.exited
    expect(await isHeld(place)).toBe(true)
    end()
    expect(await place.rdv('lock', 'l', '--timeout', '3m', '--', 'true')).toMatchObject({ code: 0 })
  })

  test('what may be killed beside it is killed', async () => {
    const place = usersPlace()
    const script = 'sleep 1000 & echo "other $!"; "$@"'
    const command = ['sh', '-c', script, 'sh', ...sudo, ...STUBBORN]
    const { running, end } = await startAsUser(place, 'lock', 'l', '--', ...command)
    const other = Number((await running.says(/other (\d+)/))[1])
    await takeAway(place)
    await running.says(/COMMAND cannot be ended/)
    await gone(other)
    end()
    expect(await running.ended).toMatchObject({ code: 121 })
  })
})
