import { describe, expect, test } from 'vitest'
import { driver, gone, isGone, run, type Started, start, stateOf, until } from './harness.ts'

const listener = driver('listener')
const LOOP = 'while :; do sleep 300 & wait; done'

/** COMMAND and a grandchild. The grandchild prints the process ids of both. */
// COMMAND must not print them: a signal between fork and exec would reach a copy of the shell with the shell's traps.
const FAMILY = `sh -c 'echo "family $PPID $$"; exec sleep 300' & wait`
const family = async (started: Started): Promise<number[]> =>
  (await started.says(/family (\d+ \d+)/)).split(' ').map(Number)

/** Either COMMAND becomes a process that was started ahead, or it is started when it is to run. */
describe.each(['ahead', 'at once'])('started %s', (when) => {
  const supervise = (...args: string[]) => driver('supervise', when, ...args)

  test.each([0, 1, 7, 126, 255])('the exit code %i is COMMAND’s own', async (code) => {
    expect(await run(supervise('--', 'sh', '-c', `exit ${code}`))).toMatchObject({
      code,
      output: '',
    })
  })

  test.each([
    ['KILL', 137],
    ['TERM', 143],
    ['PIPE', 141],
  ])('death by %s is exit code %i', async (signal, code) => {
    expect(await run(supervise('--', 'sh', '-c', `kill -${signal} $$`))).toMatchObject({ code })
  })

  test('arguments arrive byte for byte, and the environment with what is added', async () => {
    const args = ['a b', '', 'two\nlines', 'ü€😀', '--', '$HOME']
    const script = 'printf "[%s]" "$0" "$@" "$RDV_KEY" "$KEPT"'
    const env = { ...process.env, KEPT: 'kept' }
    const { stdout } = await run(supervise('--', 'sh', '-c', script, ...args), { env })
    expect(stdout).toBe([...args, 'held', 'kept'].map((arg) => `[${arg}]`).join(''))
  })

  test('stdin belongs to COMMAND', async () => {
    const started = start(supervise('--', 'cat'))
    started.child.stdin?.end('from stdin')
    expect(await started.ended).toMatchObject({ code: 0, stdout: 'from stdin' })
  })

  test('stderr blocks for COMMAND, though rdv writes to it meanwhile', async () => {
    const look = 'read -r line; grep flags /proc/self/fdinfo/2'
    const started = start([
      ...['sh', '-c', '"$@" 2>&1 | cat', 'sh'],
      ...supervise('warn', '--', 'sh', '-c', look),
    ])
    await started.says(/warned/)
    started.child.stdin?.end('\n')
    const [, flags = ''] = /flags:\s*(\d+)/.exec((await started.ended).stdout) ?? []
    expect(Number.parseInt(flags, 8) & 0o4000).toBe(0)
  })

  test('signals and the limit of open files are as without rdv', async () => {
    const fields = 'grep -E "^Sig(Ign|Blk)" /proc/self/status; ulimit -S -n'
    const shell = (...command: string[]) => [
      ...['sh', '-c', 'ulimit -S -n 256; "$@"; exit $?', 'sh'],
      ...command,
    ]
    const direct = await run(shell('sh', '-c', fields))
    expect(await run(shell(...supervise('--', 'sh', '-c', fields)))).toEqual(direct)
  })

  test.each(['SIGHUP', 'SIGQUIT', 'SIGTERM', 'SIGUSR1', 'SIGUSR2', 'SIGCONT'] as const)(
    '%s is handed on',
    async (signal) => {
      const started = start(supervise('--', ...listener))
      await started.says(/listening/)
      process.kill(started.pid, signal)
      await started.says(new RegExp(`got ${signal}`))
      process.kill(started.pid, 'SIGALRM')
      expect((await started.ended).code).toBe(7)
    },
  )

  test('INT twice arrives twice', async () => {
    const started = start(supervise('--', ...listener))
    await started.says(/listening/)
    process.kill(started.pid, 'SIGINT')
    await started.says(/got SIGINT 1/)
    process.kill(started.pid, 'SIGINT')
    await started.says(/got SIGINT 2/)
    process.kill(started.pid, 'SIGALRM')
    expect(await started.ended).toMatchObject({
      code: 7,
      stdout: expect.stringMatching(/total 2\n$/),
    })
  })

  test('TERM reaches the grandchildren', async () => {
    const started = start(supervise('--', 'sh', '-c', FAMILY))
    const pids = await family(started)
    process.kill(started.pid, 'SIGTERM')
    expect(await started.ended).toMatchObject({ code: 143 })
    await Promise.all(pids.map(gone))
  })

  test('TSTP stops COMMAND and rdv, CONT wakes both', async () => {
    const started = start(supervise('--', ...listener))
    const child = Number(await started.says(/listening (\d+)/))
    process.kill(started.pid, 'SIGTSTP')
    await until('both stopped', () => stateOf(child) === 'T' && stateOf(started.pid) === 'T')
    process.kill(started.pid, 'SIGCONT')
    await started.says(/got SIGCONT/)
    process.kill(started.pid, 'SIGALRM')
    expect((await started.ended).code).toBe(7)
  })

  test('a signal that came before COMMAND’s start is not lost, and COMMAND does not start', async () => {
    const stdio = ['ignore', 'pipe', 'pipe', 'ipc'] as const
    const started = start(supervise('early', 'gate', 'outcome', '--', 'echo', 'started'), {
      stdio: [...stdio],
    })
    await started.says(/waiting/)
    process.kill(started.pid, 'SIGTERM')
    started.child.send('go')
    const { code, stdout } = await started.ended
    expect(code).toBe(143)
    expect(stdout).toBe('waiting\n{"code":143,"signal":"SIGTERM"}\n')
  })

  test('processes that COMMAND leaves behind on a normal end live on', async () => {
    const { code, stdout } = await run(
      supervise('--', 'sh', '-c', 'sleep 300 >/dev/null 2>&1 & echo "$!"'),
    )
    expect(code).toBe(0)
    expect(isGone(Number(stdout))).toBe(false)
    process.kill(Number(stdout), 'SIGKILL')
  })

  test('a pipeline that rdv is part of ends with COMMAND', async () => {
    const script = `'${supervise('--', 'echo', 'x').join("' '")}' | cat`
    expect(await run(['sh', '-c', script])).toMatchObject({ code: 0, stdout: 'x\n' })
  })

  test.each(['lost', 'expiring'])('COMMAND is not started when it is %s already', async (word) => {
    const { stdout } = await run(supervise(word, 'outcome', '--', 'echo', 'started'))
    expect(JSON.parse(stdout)).toMatchObject({ stoppedBy: word })
  })

  /** A supervisor that learns over its IPC channel of a loss. */
  const losing = (...command: string[]): Started =>
    start(supervise('outcome', '--', ...command), { stdio: ['ignore', 'pipe', 'pipe', 'ipc'] })

  const outcome = async (started: Started): Promise<unknown> => {
    const { stdout } = await started.ended
    return JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '')
  }

  test('expiring: TERM to the whole group', async () => {
    const started = losing('sh', '-c', FAMILY)
    const pids = await family(started)
    started.child.send('expiring')
    expect(await outcome(started)).toEqual({ code: 143, signal: 'SIGTERM', stoppedBy: 'expiring' })
    await Promise.all(pids.map(gone))
  })

  test('lost: KILL to the whole group, though it ignores TERM', async () => {
    const started = losing('sh', '-c', `trap 'echo "got TERM"' TERM; ${FAMILY}; ${LOOP}`)
    const pids = await family(started)
    started.child.send('expiring')
    await started.says(/got TERM/)
    expect(started.child.exitCode).toBeNull()
    started.child.send('lost')
    expect(await outcome(started)).toEqual({ code: 137, signal: 'SIGKILL', stoppedBy: 'lost' })
    await Promise.all(pids.map(gone))
  })

  test('lost without a warning: KILL at once', async () => {
    const started = losing('sh', '-c', `trap 'echo "got TERM"' TERM; ${FAMILY}`)
    const pids = await family(started)
    started.child.send('lost')
    expect(await outcome(started)).toEqual({ code: 137, signal: 'SIGKILL', stoppedBy: 'lost' })
    expect((await started.ended).output).not.toContain('got TERM')
    await Promise.all(pids.map(gone))
  })

  test('an exit code of COMMAND’s own after TERM still tells that it was stopped', async () => {
    const started = losing('sh', '-c', `trap 'exit 0' TERM; ${FAMILY}`)
    await family(started)
    started.child.send('expiring')
    expect(await outcome(started)).toEqual({ code: 0, stoppedBy: 'expiring' })
  })

  test('a worker whose shell died of TERM has until the loss, and no longer', async () => {
    const worker = `trap 'echo "worker got TERM"' TERM; echo "worker $$"; ${LOOP}`
    const started = losing(
      'sh',
      '-c',
      '(trap : TERM; exec sh -c "$0") & echo "shell $$"; wait',
      worker,
    )
    const pid = Number(await started.says(/worker (\d+)/))
    const shell = Number(await started.says(/shell (\d+)/))
    started.child.send('expiring')
    await started.says(/worker got TERM/)
    await gone(shell)
    expect(isGone(pid)).toBe(false)
    started.child.send('lost')
    expect(await outcome(started)).toMatchObject({ code: 143, stoppedBy: 'lost' })
    await gone(pid)
  })
})
