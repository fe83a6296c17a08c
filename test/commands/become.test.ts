import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { temporaryFolder } from '../services/watchdog.ts'
import { Place } from './rdv.ts'

/** Commands that become COMMAND at once. */
const BECOMING: readonly string[][] = [
  ['wait', 'k'],
  ['wait', 'exec:true'],
  ['probe', 'exec:true'],
]

describe.each(BECOMING)('rdv %s %s', (...argv) => {
  const ready = async (): Promise<Place> => {
    const place = new Place()
    await place.rdv('signal', 'k')
    return place
  }

  test('becomes COMMAND: the process is the same', async () => {
    const place = await ready()
    const running = place.start(...argv, '--', 'sh', '-c', 'echo $$; ps -o args= -p $$ 2>&1')
    const { code, stdout } = await running.ended
    expect(stdout.split('\n')[0]).toBe(String(running.pid))
    expect(code).toBe(0)
  })

  test.each([0, 1, 2, 7, 124, 126, 127, 255])('hands on its exit code %i', async (wanted) => {
    const place = await ready()
    expect(await place.rdv(...argv, '--', 'sh', '-c', `exit ${wanted}`)).toMatchObject({
      code: wanted,
      stderr: '',
    })
  })

  test.each(['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR1', 'SIGKILL', 'SIGSEGV'] as const)(
    'dies of the %s that it dies of',
    async (signal) => {
      const place = await ready()
      const script = `ulimit -c 0; kill -${signal.slice(3)} $$`
      expect(await place.rdv(...argv, '--', 'sh', '-c', script)).toMatchObject({
        code: null,
        signal,
      })
    },
  )

  test('is 127 where there is no such program', async () => {
    const place = await ready()
    for (const name of ['no-such-program', '/no/such/program', './no-such-program']) {
      const { code, stdout, stderr } = await place.rdv(...argv, '--', name)
      expect({ code, stdout }).toEqual({ code: 127, stdout: '' })
      expect(stderr).toMatch(new RegExp(`^rdv: "${name}": .*not found\\n$`))
    }
  })

  test('is 126 where it cannot be run', async () => {
    const place = await ready()
    const file = join(temporaryFolder('command'), 'plain')
    writeFileSync(file, '#!/bin/sh\n')
    chmodSync(file, 0o644)
    for (const name of [file, '/']) {
      expect(await place.rdv(...argv, '--', name)).toMatchObject({ code: 126, stdout: '' })
    }
  })

  test('is not done before what is waited for', async () => {
    const place = await ready()
    const never = argv[0] === 'wait' ? ['wait', 'never', '--once'] : ['probe', 'exec:false']
    expect(await place.rdv(...never, '--', 'echo', 'ran')).toMatchObject({ code: 1, stdout: '' })
  })
})

/**
 * Runs a script without the descriptors that the tests' own process has left open: bun closes them, and Node closes
 * some of them.
 */
const ALONE = `exec bash -c '
  for fd in /proc/$$/fd/*; do [ "\${fd##*/}" -le 2 ] || eval "exec \${fd##*/}>&-"; done
  exec sh -c "$0"' "$1"`

describe('COMMAND', () => {
  test('has the environment, the directory and the limits of before', async () => {
    const place = new Place({ GREETING: 'hello' })
    await place.rdv('signal', 'k')
    const show = 'ulimit -Sn; pwd; env | sort; cat </dev/null; ls /proc/self/fd | wc -l'
    const script = `cd /; sh -c '${show}'; echo ---; rdv wait k -- sh -c '${show}'`
    const { stdout } = await place.sh(ALONE, `ulimit -Sn 200; ${script}`)
    const [before, after] = stdout.split('---\n')
    const plain = (text = '') => text.replace(/^_=.*\n/m, '')
    expect(plain(after)).toBe(plain(before))
  })

  test('gets SIGPIPE as everyone does', async () => {
    const place = new Place()
    await place.rdv('signal', 'k')
    const script = 'rdv wait k -- sh -c "yes; echo \\$? >&2" | head -n 1'
    const { stdout, stderr } = await place.sh(script)
    expect(stdout).toBe('y\n')
    expect(stderr).toBe('141\n')
  })

  test('gets signals directly, once it is there', async () => {
    const place = new Place()
    await place.rdv('signal', 'k')
    const script = 'trap "echo got; exit 9" TERM; echo ready; while :; do sleep 0.05; done'
    const running = place.start('wait', 'k', '--', 'sh', '-c', script)
    await running.says(/ready/)
    running.kill('SIGTERM')
    expect(await running.ended).toMatchObject({ code: 9, stdout: 'ready\ngot\n' })
  })

  test('is not bounded by --timeout', async () => {
    const place = new Place()
    await place.rdv('signal', 'k')
    const { code, stdout } = await place.rdv(
      'wait',
      'k',
      '--timeout',
      '1s',
      '--',
      'sh',
      '-c',
      'sleep 1.5; echo late',
    )
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'late\n' })
  })
})
