import { expect, test } from 'vitest'
import { driver, run, start } from './harness.ts'

const replace = (...args: string[]) => driver('replace', ...args)
const FIELDS = 'grep -E "^Sig(Ign|Blk)" /proc/self/status; ulimit -S -n'

test('COMMAND has the process id that rdv had', async () => {
  const started = start(replace('pid', '--', 'sh', '-c', 'echo "$$"'))
  const { output } = await started.ended
  expect(output).toBe(`pid ${started.pid}\n${started.pid}\n`)
})

test('arguments and name arrive byte for byte', async () => {
  const args = ['a b', '', 'two\nlines', 'ü€😀', '--', '-x', '\'"$HOME`', '\\']
  const { stdout } = await run(replace('--', 'sh', '-c', 'printf "[%s]" "$0" "$@"', ...args))
  expect(stdout).toBe(args.map((arg) => `[${arg}]`).join(''))
})

test('the environment arrives unchanged', async () => {
  const env = { PATH: process.env.PATH, 'a.b': '1', EMPTY: '', LINES: 'x\ny', U: 'ü' }
  const { stdout } = await run(replace('--', 'env', '-0'), { env })
  const wanted = Object.entries(env).map(([name, value]) => `${name}=${value}`)
  expect(stdout.split('\0').filter(Boolean).sort()).toEqual(wanted.sort())
})

test.each([0, 1, 7, 255])('the exit code %i is COMMAND’s own', async (code) => {
  expect(await run(replace('--', 'sh', '-c', `exit ${code}`))).toMatchObject({ code })
})

test.each(['SIGKILL', 'SIGTERM', 'SIGPIPE'] as const)(
  'dies of %s as COMMAND does',
  async (name) => {
    const command = ['sh', '-c', `kill -${name.slice(3)} $$`]
    expect(await run(replace('--', ...command))).toMatchObject({ code: null, signal: name })
  },
)

test('stdin is not touched', async () => {
  const started = start(replace('--', 'cat'))
  started.child.stdin?.end('from stdin')
  expect(await started.ended).toMatchObject({ code: 0, stdout: 'from stdin' })
})

test('signals and the limit of open files are as without rdv', async () => {
  const shell = (command: string) => ['sh', '-c', `ulimit -S -n 256; ${command}; exit $?`]
  const quoted = replace('--', 'sh', '-c', FIELDS).map((word) => `'${word}'`)
  const direct = await run(shell(`sh -c '${FIELDS}'`))
  expect(direct.output).toContain('\n256\n')
  expect(await run(shell(quoted.join(' ')))).toEqual(direct)
})

test('the limit of open files is restored without prlimit, too', async () => {
  const command = `PATH=/nowhere '${replace().join("' '")}' -- /bin/sh -c 'ulimit -S -n; echo "$@"' x 'a  b'`
  const { output } = await run(['sh', '-c', `ulimit -S -n 256; ${command}; exit $?`])
  expect(output).toBe('256\na  b\n')
})

test('pipes that rdv has used block again', async () => {
  const look = 'grep -h flags /proc/self/fdinfo/0 /proc/self/fdinfo/1 /proc/self/fdinfo/2'
  const { stdout } = await run(
    pipeline(replace('stdin', 'stdout', 'stderr', '--', ...look.split(' '))),
  )
  const flags = stdout.match(/\d+$/gm)?.map((octal) => Number.parseInt(octal, 8) & 0o4000)
  expect(flags).toEqual([0, 0, 0])
})

test('without our help they would not', async () => {
  const { output } = await run(pipeline(replace('stdout', 'flags', '--', 'true')))
  expect(Number.parseInt(/flags:\s*(\d+)/.exec(output)?.[1] ?? '0', 8) & 0o4000).not.toBe(0)
})

// The pipes of the tests themselves are sockets.
const pipeline = (command: string[]) => ['sh', '-c', ': | "$@" 2>&1 | cat', 'sh', ...command]
