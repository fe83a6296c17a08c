import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { gone } from '../child/harness.ts'
import { lines, Place } from './rdv.ts'

const loop = 'echo up; while :; do sleep 0.05; done'

describe('a held key', () => {
  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)('is released at once on %s, and rdv ends with %i', async (signal, code) => {
    const place = new Place()
    const holder = place.start('signal', 'k', 'busy', '--hold')
    await place.until('k', 'busy')
    holder.kill(signal)
    expect(await holder.ended).toMatchObject({ code, signal: null, stdout: '', stderr: '' })
    expect(await place.state('k')).toBeUndefined()
  })

  test('can be taken again as soon as it is free', async () => {
    const place = new Place()
    for (let i = 0; i < 3; i++) {
      const { code, stdout } = await place.rdv('signal', 'k', '--hold', '--', 'echo', String(i))
      expect({ code, stdout }).toEqual({ code: 0, stdout: `${i}\n` })
    }
  })

  test('takes the place of a sticky and of an expiring one', async () => {
    const place = new Place()
    await place.rdv('signal', 'k', 'sticky')
    await place.rdv('signal', 'j', 'expiring', '--expire', '1h')
    for (const key of ['k', 'j']) {
      const { stdout } = await place.rdv('signal', key, 'held', '--hold', '--', 'rdv', 'get', key)
      expect(stdout).toBe('held\n')
      expect(await place.state(key)).toBeUndefined()
    }
  })

  test('stays in the background, where stdin is /dev/null', async () => {
    const place = new Place()
    const script = `
      rdv signal k busy --hold &
      rdv wait k --state busy && rdv get k
      kill $!; wait $!; echo $?
      rdv get k; echo $?`
    const { stdout, stderr } = await place.sh(script)
    expect({ stdout, stderr }).toEqual({
      stdout: 'busy\n143\n1\n',
      stderr: 'rdv: k is not signalled\n',
    })
  })

  test('stays where stdin has ended', async () => {
    const place = new Place()
    const holder = place.startWithInput('signal', 'k', '--hold')
    holder.stdin.end()
    await place.until('k')
    // a reaction to the end of stdin would come before a second process has started and ended
    expect(await place.state('k')).toBe('ready')
    holder.kill('SIGTERM')
    expect(await holder.ended).toMatchObject({ code: 143 })
  })
})

describe('a held key with a COMMAND', () => {
  test.each([0, 1, 7, 121, 255])(
    'is free when that ends, and its %i is handed on',
    async (code) => {
      const place = new Place()
      const script = `rdv get k; exit ${code}`
      const ended = await place.rdv('signal', 'k', 'up', '--hold', '--', 'sh', '-c', script)
      expect(ended).toMatchObject({ code, stdout: 'up\n', stderr: '' })
      expect(await place.state('k')).toBeUndefined()
    },
  )

  test('whose program does not exist is free, and 127', async () => {
    const place = new Place()
    expect(await place.rdv('signal', 'k', '--hold', '--', 'no-such-program')).toMatchObject({
      code: 127,
    })
    expect(await place.state('k')).toBeUndefined()
  })

  test('that dies of a signal is free, and 128 + n', async () => {
    const place = new Place()
    const ended = await place.rdv('signal', 'k', '--hold', '--', 'sh', '-c', 'kill -KILL $$')
    expect(ended).toMatchObject({ code: 137, signal: null })
    expect(await place.state('k')).toBeUndefined()
  })

  test('tells it where it is', async () => {
    const place = new Place({ RDV_NAMESPACE: 'mine' })
    const script = 'echo "$RDV_BACKEND $RDV_NAMESPACE $RDV_KEY"'
    const { stdout } = await place.rdv('signal', 'a/k', '--hold', '--', 'sh', '-c', script)
    expect(stdout).toBe(`sqlite://${place.file} mine a/k\n`)
  })

  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)('hands %s on, and waits for its end', async (signal, code) => {
    const place = new Place()
    const script = `trap 'rdv get k; exit ${code}' ${signal.slice(3)}; ${loop}`
    const holder = place.start('signal', 'k', 'up', '--hold', '--', 'sh', '-c', script)
    await holder.says(/up/)
    holder.kill(signal)
    expect(await holder.ended).toMatchObject({ code, stdout: 'up\nup\n' })
    expect(await place.state('k')).toBeUndefined()
  })

  test.each([
    { exit: 0, flags: ['--on-success', 'done'], state: 'done' },
    { exit: 3, flags: ['--on-success', 'done'], state: undefined },
    { exit: 3, flags: ['--on-failure', 'failed'], state: 'failed' },
    { exit: 0, flags: ['--on-failure', 'failed'], state: undefined },
    { exit: 0, flags: ['--on-success', 'done', '--on-failure', 'failed'], state: 'done' },
    { exit: 1, flags: ['--on-success', 'done', '--on-failure', 'failed'], state: 'failed' },
  ])('that ends with $exit leaves $state with $flags', async ({ exit, flags, state }) => {
    const place = new Place()
    const script = `exit ${exit}`
    const { code } = await place.rdv(
      'signal',
      'k',
      'busy',
      '--hold',
      ...flags,
      '--',
      'sh',
      '-c',
      script,
    )
    expect(code).toBe(exit)
    expect(await place.state('k')).toBe(state)
    expect((await place.rdv('list')).stdout).toBe(state === undefined ? '' : `k\t${state}\t\t\t\n`)
  })

  test('that a signal ends leaves the failure’s state', async () => {
    const place = new Place()
    const argv = ['signal', 'k', 'busy', '--hold', '--on-success', 'done', '--on-failure', 'failed']
    const holder = place.start(...argv, '--', 'sh', '-c', loop)
    await holder.says(/up/)
    holder.kill('SIGTERM')
    expect(await holder.ended).toMatchObject({ code: 143 })
    expect(await place.state('k')).toBe('failed')
  })

  test('that changes its own state', async () => {
    const place = new Place()
    const script = 'rdv signal "$RDV_KEY" half; rdv get "$RDV_KEY"; rdv list | cut -f1-2'
    const { stdout } = await place.rdv('signal', 'k', 'busy', '--hold', '--', 'sh', '-c', script)
    expect(stdout).toBe('half\nk\thalf\n')
    expect(await place.state('k')).toBeUndefined()
  })
})

describe('states from stdin', () => {
  test('follow each other, and its end releases the key', async () => {
    const place = new Place()
    const holder = place.startWithInput('signal', 'k', 'starting', '--hold', '--states-from', '-')
    await place.until('k', 'starting')
    holder.stdin.write('busy\n')
    await place.until('k', 'busy')
    holder.stdin.write('ready\n')
    await place.until('k', 'ready')
    holder.stdin.end()
    expect(await holder.ended).toMatchObject({ code: 0, stdout: '' })
    expect(await place.state('k')).toBeUndefined()
  })

  test('are all set, in order, however fast they come', async () => {
    const place = new Place()
    const script =
      'printf "a\\nb\\n\\nlast" | rdv signal k first --hold --states-from - --on-success over'
    expect(await place.sh(script)).toMatchObject({ code: 0, stderr: '' })
    expect(await place.state('k')).toBe('over')
  })

  test('that are none are a usage error', async () => {
    const place = new Place()
    const script = 'printf "a\\tb\\n" | rdv signal k first --hold --states-from -'
    const { code, stderr } = await place.sh(script)
    expect(code).toBe(2)
    expect(lines(stderr)).toEqual([expect.stringContaining('control character')])
    expect(await place.state('k')).toBeUndefined()
  })

  test('do not keep a signal from ending it', async () => {
    const place = new Place()
    const holder = place.startWithInput('signal', 'k', '--hold', '--states-from', '-')
    await place.until('k')
    holder.kill('SIGTERM')
    expect(await holder.ended).toMatchObject({ code: 143 })
    expect(await place.state('k')).toBeUndefined()
  })
})

/** The ids of processes with this word in their command line. */
const having = (word: string): number[] =>
  readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0 && commandLine(pid).includes(word))

const commandLine = (pid: number): string => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
  } catch {
    return ''
  }
}

describe('after kill -9 of rdv', () => {
  test('nothing of COMMAND is left, and the key is gone at once', async () => {
    const place = new Place()
    const script = 'sleep 300.25 & echo "pids $$ $!"; sleep 300.75'
    const holder = place.start('signal', 'k', '--hold', '--ttl', '1h', '--', 'sh', '-c', script)
    const [, shell, child] = await holder.says(/pids (\d+) (\d+)/)
    // Until it becomes sleep, the child is still the shell.
    await expect.poll(() => having('sleep 300.25')).toContain(Number(child))
    holder.kill('SIGKILL')
    await Promise.all([gone(Number(shell)), gone(Number(child))])
    await place.untilGone('k')
    expect(having('sleep 300.75')).toEqual([])
  })

  test('a key that it held without COMMAND is gone at once', async () => {
    const place = new Place()
    const holder = place.start('signal', 'k', '--hold', '--ttl', '1h')
    await place.until('k')
    holder.kill('SIGKILL')
    await holder.ended
    expect(await place.state('k')).toBeUndefined()
    expect(await place.rdv('signal', 'k', '--hold', '--', 'true')).toMatchObject({ code: 0 })
  })
})

describe('when the key is taken away', () => {
  test('--on-loss stop ends COMMAND, with 121', async () => {
    const place = new Place()
    const argv = ['signal', 'k', '--hold', '--on-loss', 'stop', '--', 'sh', '-c']
    const holder = place.start(...argv, `echo "pid $$"; ${loop}`)
    const [, pid] = await holder.says(/pid (\d+)/)
    await place.rdv('clear', 'k')
    const { code, stderr } = await holder.ended
    expect(code).toBe(121)
    expect(lines(stderr).at(-1)).toMatch(/^rdv: .*by another client/)
    await gone(Number(pid))
    expect(await place.state('k')).toBeUndefined()
  })

  test('--on-loss stop ends a hold without COMMAND, with 121', async () => {
    const place = new Place()
    const holder = place.start('signal', 'k', '--hold', '--on-loss', 'stop')
    await place.until('k')
    await place.rdv('clear', 'k')
    expect(await holder.ended).toMatchObject({ code: 121, stdout: '' })
  })

  test('it is joined again, and COMMAND is left alone', async () => {
    const place = new Place()
    const script = `trap 'exit 5' TERM; ${loop}`
    const holder = place.start('signal', 'k', 'busy', '--hold', '--', 'sh', '-c', script)
    await holder.says(/up/)
    await place.rdv('clear', 'k')
    await holder.says(/by another client.*joining again/)
    await place.until('k', 'busy')
    expect((await place.rdv('list')).stdout).toContain(`\t${holder.pid}\t`)
    holder.kill('SIGTERM')
    expect(await holder.ended).toMatchObject({ code: 5 })
    expect(await place.state('k')).toBeUndefined()
  })

  test('by a second holder, the first waits for its turn and then has it in its latest state', async () => {
    const place = new Place()
    const first = place.startWithInput('signal', 'k', 'first', '--hold', '--states-from', '-')
    await place.until('k', 'first')
    first.kill('SIGSTOP')
    await place.rdv('clear', 'k')
    const second = place.start('signal', 'k', 'second', '--hold')
    await place.until('k', 'second')
    first.stdin.write('latest\n')
    first.kill('SIGCONT')
    await first.says(new RegExp(`k is held by .*pid ${second.pid}`))
    expect(await place.state('k')).toBe('second')
    second.kill('SIGTERM')
    await place.until('k', 'latest')
    first.stdin.end()
    expect(await first.ended).toMatchObject({ code: 0 })
  })
})

describe('a TTL', () => {
  test('and a grace that do not fit are a usage error, and nothing is held', async () => {
    const place = new Place()
    const argv = ['signal', 'k', '--hold', '--ttl', '10s', '--grace', '6s', '--', 'echo', 'ran']
    const { code, stdout, stderr } = await place.rdv(...argv)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(lines(stderr)).toEqual([expect.stringContaining('half of the TTL')])
    expect(await place.state('k')).toBeUndefined()
  })

  test('below what the backend can is raised, with a note', async () => {
    const place = new Place()
    const { code, stderr } = await place.rdv('signal', 'k', '--hold', '--ttl', '1ms', '--', 'true')
    expect(code).toBe(0)
    // Such a short session may also be lost on a busy machine, which is then reported, too.
    expect(lines(stderr)[0]).toBe('rdv: the TTL is 1 s: 0.001 s is too short for this store')
  })

  test('over which the holder was stopped loses the key, and it is joined again', async () => {
    const place = new Place()
    const holder = place.start('signal', 'k', 'busy', '--hold', '--ttl', '1s')
    await place.until('k')
    holder.kill('SIGSTOP')
    await place.untilGone('k')
    holder.kill('SIGCONT')
    await place.until('k', 'busy')
    holder.kill('SIGTERM')
    expect(await holder.ended).toMatchObject({ code: 143 })
  })
})

test('a TTL of many days is held, not lost at once', async () => {
  const place = new Place()
  const held = await place.rdv('signal', 'k', '--hold', '--ttl', '1000h', '--', 'true')
  expect(held).toMatchObject({ code: 0, stderr: '' })
})
