import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { temporaryFolder } from '../services/watchdog.ts'
import { Place } from './rdv.ts'
import { mayMount } from './small-disk.ts'

const FIXTURE = join(import.meta.dirname, 'fixtures/fuse.ts')

/** A shell's prefix: the script runs in a namespace in which this user may mount file systems. */
const APART = 'exec unshare -rm sh -c'

/** Mounts a FUSE file system of a given type, and runs a script in it. */
const ON_FUSE = `
  exec 3<>/dev/fuse && mkdir "$RDV_DATA_DIR" &&
  mount -i -t "$1" -o fd=3,rootmode=40000,user_id=0,group_id=0 remote "$RDV_DATA_DIR" || exit
  "$2" "$3" & server=$!
  exec 3>&-
  eval "$4"
  code=$?; kill "$server"; exit "$code"`

const onFuse = (type: string, script: string, place = new Place()) =>
  place.sh(`${APART} "$@"`, ON_FUSE, 'sh', type, process.execPath, FIXTURE, script)

const mayMountFuse = mayMount && (await onFuse('fuse.rdv', 'true')).code === 0

describe.runIf(mayMountFuse)('a file system that is a program', () => {
  test.each(['fuse.sshfs', 'fuse.glusterfs', 'fuse.ceph', 'fuse.rdv', 'fuse'])(
    'is refused where it may be on the network: %s',
    async (type) => {
      const place = new Place()
      const { code, stderr } = await onFuse(type, 'rdv signal k', place)
      expect({ code, stderr }).toEqual({
        code: 120,
        stderr: `rdv: ${place.file} is on a file system that other machines may share (${type}): use a local directory, or, if only this machine uses it, write sqlite://${place.file}?network=yes\n`,
      })
    },
  )

  test('is used where it keeps its files here', async () => {
    const { stderr } = await onFuse('fuse.fuse-overlayfs', 'rdv signal k')
    // the file system of this test cannot contain a file
    expect(stderr).toMatch(/cannot be opened/)
  })

  test('is used where the URL says that nobody else does', async () => {
    const script = 'rdv signal k --backend "sqlite://$RDV_DATA_DIR/x.db?network=yes"'
    expect((await onFuse('fuse.sshfs', script)).stderr).toMatch(/x\.db cannot be opened/)
  })
})

test.each(['?network=no', '?network', '?net=yes', '?'])(
  '%s in the URL of a file is 2',
  async (query) => {
    const { code, stderr } = await new Place().rdv(
      'signal',
      'k',
      '--backend',
      `sqlite:///tmp/x.db${query}`,
    )
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('%3F') })
  },
)

test('a path with a question mark and a percent sign is handed on to COMMAND whole', async () => {
  const folder = temporaryFolder('odd')
  const backend = `sqlite://${folder}/what%3F100%25.db`
  const place = new Place()
  const inner =
    'unset RDV_BACKEND; exec rdv lock l --backend "$1" -- sh -c "rdv signal k && rdv list"'
  const { stdout } = await place.sh(inner, backend)
  expect(stdout).toMatch(/^k\tready/)
  expect((await place.rdv('get', 'k', '--backend', backend)).stdout).toBe('ready\n')
})

describe.runIf(mayMount)('a file that is mounted without its directory', () => {
  const script = (mount: string) => `
    mkdir "$1/there" && touch "$1/there/rendezvous.db" && ${mount} &&
    mount --bind "$RDV_DATA_DIR/rendezvous.db" "$1/there/rendezvous.db" &&
    export RDV_DATA_DIR="$1/there" && shift && exec rdv "$@"`
  const ELSEWHERE = 'mount -t tmpfs none "$1/there" && touch "$1/there/rendezvous.db"'

  test.each([
    ['on the same disk', 'true', 'lock l -- true'],
    ['on the same disk', 'true', 'wait k'],
    ['on the same disk', 'true', 'signal k --hold'],
    ['on another disk', ELSEWHERE, 'lock l -- true'],
    ['on another disk', ELSEWHERE, 'signal k'],
  ])('is refused, %s', async (_, mount, line) => {
    const place = new Place()
    await place.rdv('signal', 'k')
    const folder = temporaryFolder('mounted')
    const { code, stderr } = await place.sh(
      `${APART} "$@"`,
      script(mount),
      'sh',
      folder,
      ...line.split(' '),
    )
    const directory = `${folder}/there`
    expect({ code, stderr }).toEqual({
      code: 120,
      stderr: `rdv: ${directory}/rendezvous.db is mounted as a single file, but its log is a file beside it: mount the directory ${directory} instead\n`,
    })
  })

  test('and one whose directory is mounted is not', async () => {
    const place = new Place()
    await place.rdv('signal', 'k')
    const folder = temporaryFolder('mounted')
    const whole =
      'mount --bind "$RDV_DATA_DIR" "$1" && RDV_DATA_DIR="$1" exec rdv lock l -- rdv get k'
    expect(await place.sh(`${APART} "$@"`, whole, 'sh', folder)).toMatchObject({
      code: 0,
      stdout: 'ready\n',
    })
  })
})

/** Runs rdv as on a machine with another boot id. */
const ELSEWHERE = 'mount --bind "$1" /proc/sys/kernel/random/boot_id && shift && exec rdv "$@"'

describe.runIf(mayMount)('a file that another machine uses', () => {
  const elsewhere = (place: Place) => {
    const boot = join(temporaryFolder('boot'), 'boot_id')
    writeFileSync(boot, '11111111-2222-3333-4444-555555555555\n')
    return (...args: string[]) => place.sh(`${APART} "$@"`, ELSEWHERE, 'sh', boot, ...args)
  }
  const IN_USE = /in use by another machine: only one machine may use it/

  test('is refused while something is held there, which goes on', async () => {
    const place = new Place()
    const holder = place.startWithInput('lock', 'l', '--ttl', '2s', '--', 'cat')
    await queueIs(place, /^lock\tl\tholds/m)
    const other = elsewhere(place)
    for (const line of ['lock l --timeout 30s -- true', 'get k', 'signal k']) {
      const { code, stderr } = await other(...line.split(' '))
      expect({ line, code, stderr }).toEqual({
        line,
        code: 120,
        stderr: expect.stringMatching(IN_USE),
      })
    }
    holder.stdin.end()
    expect(await holder.ended).toMatchObject({ code: 0, stderr: '' })
  })

  test('goes over to it with the TTL of who held something and does not renew', async () => {
    const place = new Place()
    const holder = place.start('lock', 'l', '--ttl', '2s', '--', 'sleep', '1000')
    await queueIs(place, /^lock\tl\tholds/m)
    holder.kill('SIGSTOP')
    const other = elsewhere(place)
    expect(await other('lock', 'l', '--try')).toMatchObject({ code: 1 })
    expect(await other('lock', 'l', '--timeout', '1m', '--', 'echo', 'next')).toMatchObject({
      code: 0,
      stdout: 'next\n',
    })
    holder.kill('SIGCONT')
    const { code } = await holder.ended
    expect(code).toBe(121)
  })
})

const queueIs = async (place: Place, state: RegExp): Promise<void> => {
  const status = async () => (await place.rdv('status')).stdout
  await expect.poll(status, { timeout: 200_000 }).toMatch(state)
}
