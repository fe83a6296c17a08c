import { describe, expect, test } from 'vitest'
import { localStore, startedStore } from './queues.ts'
import { lines, Place } from './rdv.ts'

/** The commands that run COMMAND. */
const WAYS = [
  'wait file:///dev/null',
  'wait k',
  'probe file:///dev/null',
  'barrier b --parties 1',
  'counter wait c --at-most 0',
  'waitgroup wait g',
  'lock l',
  'elect e',
  'once o',
  'signal h --hold',
]

/** A place in which a key is signalled, for the commands that wait for it. */
const ready = async (settings: NodeJS.ProcessEnv = {}): Promise<Place> => {
  const place = new Place(settings)
  await place.rdv('signal', 'k')
  return place
}

/** Runs a script without the descriptors that the tests' own process has left open. */
const ALONE = `exec bash -c '
  for fd in /proc/$$/fd/*; do [ "\${fd##*/}" -le 2 ] || eval "exec \${fd##*/}>&-"; done
  exec bash -c "$0" bash "$@"' "$@"`

/** Low descriptors, those that a shell uses for itself and for \`<(…)\`, and high ones. */
const OPEN = [3, 4, 9, 10, 11, 17, 18, 22, 30, 62, 63, 200]

const SHOW = 'ls -v /proc/$$/fd'

/** Prints the bytes of a variable, as a command for sh. */
const BYTES = 'printf %s "$BAD" | od -An -tx1 -v'

/**
 * Two lines, quotes, characters that printf interprets, and bytes that are not UTF-8, also at the end before newlines.
 */
const BAD = `"$(printf 'caf\\351 \\\\0101%%b "\\047$x\\n\\303y\\377\\n\\n.')"`
const WANTED = ' 63 61 66 e9 20 5c 30 31 30 31 25 62 20 22 27 24\n 78 0a c3 79 ff 0a 0a\n'

describe.each(WAYS)('COMMAND of rdv %s', (way) => {
  test('has the descriptors 0, 1 and 2', async () => {
    const place = await ready()
    const open = OPEN.map((fd) => `${fd}</dev/null`).join(' ')
    const { code, stdout } = await place.sh(
      ALONE,
      `exec ${open}; [ -e /proc/$$/fd/200 ] && rdv ${way} -- sh -c '${SHOW}'`,
    )
    expect({ code, open: lines(stdout) }).toEqual({ code: 0, open: ['0', '1', '2'] })
  })

  test('has variables that are not UTF-8 byte for byte', async () => {
    const place = await ready()
    const { code, stdout } = await place.sh(
      `BAD=${BAD}; export BAD="\${BAD%.}" GOOD='\ufffd€'; rdv ${way} -- sh -c '${BYTES}; echo "$GOOD"'`,
    )
    expect({ code, stdout }).toEqual({ code: 0, stdout: `${WANTED}\ufffd€\n` })
  })

  test('has variables whose names are not UTF-8, and all others', async () => {
    const place = await ready()
    // Only env(1) can set such names.
    const names = [`"$(printf 'n\\351=1')"`, `"$(printf 'n\\350=2')"`, 'a.b=x', 'EMPTY=', "Q=\\'"]
    const { code, stdout } = await place.sh(
      `LINES='x\ny' env ${names.join(' ')} rdv ${way} -- env -0 | od -An -tx1 -v | tr -d ' \\n'`,
    )
    expect(code).toBe(0)
    const variables = Buffer.from(stdout, 'hex').toString('latin1').split('\0')
    const wanted = ['n\xe9=1', 'n\xe8=2', 'a.b=x', 'EMPTY=', "Q='", `PATH=${place.env.PATH}`]
    expect(variables).toEqual(expect.arrayContaining(wanted))
  })
})

describe('a COMMAND that has waited for its turn', () => {
  const store = startedStore(localStore, 'lock')

  test('has the same', async () => {
    const { place, until, stop } = store.queue('l')
    const holder = place.start('lock', 'l')
    await until(1)
    const open = OPEN.map((fd) => `${fd}</dev/null`).join(' ')
    const next = place.startSh(
      ALONE,
      `exec ${open}; BAD=${BAD}; export BAD="\${BAD%.}"; rdv lock l -- sh -c '${SHOW}; ${BYTES}'`,
    )
    await until(2)
    holder.kill('SIGTERM')
    expect(await next.ended).toMatchObject({ code: 0, stdout: `0\n1\n2\n${WANTED}` })
    await stop()
  })
})

test('an exec: target has variables that are not UTF-8 byte for byte', async () => {
  const place = new Place()
  const target = 'exec:[ "$BAD" = "$(printf "caf\\351")" ]'
  const script = `export BAD="$(printf 'caf\\351')"; rdv probe "$1"`
  expect(await place.sh(script, target)).toMatchObject({ code: 0, stderr: '' })
})

test('what COMMAND sets itself is not undone', async () => {
  const place = new Place()
  const script = `export RDV_KEY=x BAD="$(printf '\\351')"; rdv signal k --hold -- sh -c 'echo "$RDV_KEY"'`
  expect(await place.sh(script)).toMatchObject({ code: 0, stdout: 'k\n' })
})

test.each([
  { name: 'RDV_NAMESPACE', argv: ['signal', 'k'] },
  { name: 'RDV_DATA_DIR', argv: ['signal', 'k'] },
  { name: 'RDV_BACKEND', argv: ['lock', 'l', '--', 'true'] },
])('$name that is not UTF-8 is refused', async ({ name, argv }) => {
  const place = new Place()
  const script = `export ${name}="$(printf 'caf\\351')"; rdv "$@"`
  expect(await place.sh(script, ...argv)).toEqual({
    ...{ code: 2, signal: null, stdout: '' },
    stderr: `rdv: the environment variable ${name} is not UTF-8: write it in UTF-8\n`,
  })
})

test('a variable that is too long to be spelled is refused by its name', async () => {
  const place = new Place()
  const script = `export BAD="$(head -c 60000 /dev/zero | tr '\\0' '\\351')"; rdv wait file:///dev/null -- true`
  const { code, stdout, stderr } = await place.sh(script)
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  expect(stderr).toMatch(/^rdv: the environment variable "BAD" is not UTF-8 and .*\n$/)
})

test('a COMMAND that is given a descriptor by <(…) is refused before anything is done', async () => {
  const place = new Place()
  const { code, stdout, stderr } = await place.sh(
    ALONE,
    `rdv signal k --hold -- cat --number <(echo a); rdv get k`,
  )
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
  expect(lines(stderr)[0]).toMatch(
    /^rdv: COMMAND inherits only the descriptors 0, 1 and 2, and not "\/dev\/fd\/\d+": .* bash -c/,
  )
})

test('a COMMAND that opens the descriptor itself is run', async () => {
  const place = new Place()
  const words = ['bash', '-c', 'exec 77</dev/null; cat "$0"; echo ran', '/dev/fd/77']
  expect(await place.rdv('wait', 'file:///dev/null', '--', ...words)).toMatchObject({
    code: 0,
    stdout: 'ran\n',
  })
})

describe('sockets of systemd', () => {
  const hint = /^rdv: LISTEN_FDS is set, .*ExecStartPre=.*\n$/

  test.each([
    { what: 'for this process', script: 'LISTEN_PID=$$ exec rdv' },
    { what: 'for nobody in particular', script: 'exec rdv' },
  ])('$what do not reach COMMAND, and that is said', async ({ script }) => {
    const place = new Place({ LISTEN_FDS: '1' })
    const { code, stdout, stderr } = await place.sh(
      `${script} wait file:///dev/null -- sh -c 'echo $LISTEN_FDS'`,
    )
    expect({ code, stdout }).toEqual({ code: 0, stdout: '1\n' })
    expect(stderr).toMatch(hint)
  })

  test.each([
    { what: 'are for another process', settings: { LISTEN_FDS: '1', LISTEN_PID: '1' } },
    { what: 'are not there', settings: {} },
  ])('nothing is said where they $what', async ({ settings }) => {
    const place = new Place(settings)
    expect(await place.rdv('wait', 'file:///dev/null', '--', 'true')).toMatchObject({
      code: 0,
      stderr: '',
    })
  })
})
