import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { constants } from 'node:os'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, test } from 'vitest'
import { open } from '../../src/backends/sqlite/index.ts'
import { temporaryFolder } from '../services/watchdog.ts'
import { program } from './executable.ts'
import { HUMBLE } from './humble.ts'
import { lines, Place } from './rdv.ts'
import { mayMount } from './small-disk.ts'
import { LATE, timed } from './timed.ts'

const COMMANDS = [
  ['signal', 'k'],
  ['get', 'k'],
  ['wait', 'k'],
  ['wait', 'k', '--once'],
  ['list'],
  ['clear', 'k'],
  ['signal', 'k', '--hold'],
  ['doctor'],
]

/** Checks that every command exits with 120 at once, and prints one sentence with the path. */
const refusesAll = async (place: Place, path: string, says: RegExp): Promise<void> => {
  for (const argv of COMMANDS) {
    const { code, stdout, stderr } = await place.rdv(...argv, '--timeout', '30s')
    expect({ argv, code, stdout }).toEqual({ argv, code: 120, stdout: '' })
    expect(lines(stderr)).toEqual([expect.stringContaining(path)])
    expect(stderr).toMatch(says)
  }
}

/** Creates a file in a folder. */
const file = (folder: string): string => {
  writeFileSync(join(folder, 'file'), '')
  return join(folder, 'file')
}

/** Creates a symbolic link in a folder to a path that does not exist. */
const link = (folder: string): string => {
  symlinkSync(join(folder, 'nowhere', 'deep'), join(folder, 'link'))
  return join(folder, 'link')
}

describe('a store that cannot be used is 120, with its path', () => {
  /** Places for the data directory at which it cannot be created, below a folder of the test. */
  const IN_THE_WAY: readonly [string, (folder: string) => string, RegExp][] = [
    ['below a file', (folder) => join(file(folder), 'data'), /not a directory/],
    ['in the place of a file', file, /not a directory/],
    ['in the place of a device', () => '/dev/null', /not a directory/],
    ['behind a symbolic link to nothing', link, /not a directory/],
    ['below a symbolic link to nothing', (folder) => join(link(folder), 'data'), /not a directory/],
    ['with a name that is too long', (folder) => join(folder, 'x'.repeat(300)), /name too long/],
    ['in /proc', () => '/proc/rdv-test', /does not allow new directories|permission denied/],
    [
      'deep in /proc',
      () => '/proc/self/rdv/test',
      /does not allow new directories|permission denied/,
    ],
    ['in /sys', () => '/sys/rdv-test', /permission denied|read-only/],
  ]

  test.each(IN_THE_WAY)('a directory that cannot be made, %s', async (_, place, says) => {
    const directory = place(temporaryFolder('way'))
    await refusesAll(new Place({ RDV_DATA_DIR: directory }), directory, says)
    const served = await new Place().rdv('serve', '--data-dir', directory)
    expect(served).toMatchObject({ code: 120, stdout: '' })
    expect(served.stderr).toContain(directory)
  })

  test.runIf(mayMount)('a directory on a read-only file system', async () => {
    const inside = 'mount -t tmpfs -o ro none /mnt && RDV_DATA_DIR=/mnt/data exec rdv signal k'
    const { code, stderr } = await new Place().sh('exec unshare -rm sh -c "$1"', inside)
    expect({ code, stderr }).toEqual({
      code: 120,
      stderr: 'rdv: the directory /mnt/data cannot be created: read-only file system\n',
    })
  })

  test.each(['/dev/null', '/dev/full', '/dev/zero', '/dev/random'])(
    'a device in the place of the file, %s, beside which nothing is left',
    async (device) => {
      const place = new Place({ RDV_BACKEND: `sqlite://${device}` })
      await refusesAll(place, device, /not a regular file/)
      expect(existsSync(`${device}-journal`) || existsSync(`${device}-wal`)).toBe(false)
    },
  )

  test('a FIFO in the place of the file', async () => {
    const fifo = join(temporaryFolder('fifo'), 'store.db')
    const place = new Place({ RDV_BACKEND: `sqlite://${fifo}` })
    await place.sh('mkfifo "$1"', fifo)
    await refusesAll(place, fifo, /not a regular file/)
  })

  test('a directory that only somebody else may enter', async () => {
    const place = new Place()
    await place.rdv('signal', 'k')
    const uid = process.getuid?.() === 0 ? 65_534 : undefined
    chmodSync(dirname(place.directory), 0o755)
    chmodSync(place.directory, uid ? 0o700 : 0)
    const [file, args] = program(['signal', 'k'])
    const { status, stderr } = spawnSync(file, args, {
      env: { RDV_DATA_DIR: place.directory },
      ...(uid && { uid }),
    })
    chmodSync(place.directory, 0o700)
    expect(String(stderr)).toBe(`rdv: ${place.file} cannot be used: permission denied\n`)
    expect(status).toBe(120)
  })

  test.each(['', '/'])('a shared directory that somebody else made first%s', async (slash) => {
    const TMPDIR = temporaryFolder('shared')
    const directory = join(TMPDIR, `rendezvous-${process.getuid?.()}`)
    mkdirSync(directory)
    chmodSync(directory, 0o777)
    const place = new Place({ TMPDIR, RDV_DATA_DIR: directory + slash })
    await refusesAll(
      place,
      directory,
      /belongs to another user: set RDV_DATA_DIR to a directory of your own$/m,
    )
  })

  test('a file that is none of SQLite', async () => {
    const place = new Place()
    await place.rdv('signal', 'k')
    rmSync(place.directory, { recursive: true })
    mkdirSync(place.directory)
    writeFileSync(place.file, 'this is no database, but long enough to be one '.repeat(100))
    await refusesAll(place, place.file, /not a SQLite file/)
    expect(readFileSync(place.file, 'utf8')).toContain('this is no database')
  })

  test('a database of another program, which stays as it is', async () => {
    const place = new Place()
    mkdirSync(place.directory)
    const database = new DatabaseSync(place.file)
    database.exec('CREATE TABLE theirs (x); INSERT INTO theirs VALUES (42)')
    database.close()
    const before = readFileSync(place.file)
    await refusesAll(place, place.file, /belongs to another program/)
    expect(readFileSync(place.file).equals(before)).toBe(true)
  })

  test('a store of a later version', async () => {
    const place = new Place()
    await place.rdv('signal', 'k')
    const database = new DatabaseSync(place.file)
    database.exec('PRAGMA user_version = 99')
    database.close()
    await refusesAll(place, place.file, /version is 99/)
  })

  test('a damaged file', async () => {
    const place = new Place()
    for (const key of ['a', 'b', 'k']) await place.rdv('signal', key)
    await takeIn(place.file)
    const bytes = readFileSync(place.file)
    // all pages but the first, whose marks say that the file is a store of rdv
    bytes.fill(0x5a, 4096)
    writeFileSync(place.file, bytes)
    rmSync(`${place.file}-wal`, { force: true })
    rmSync(`${place.file}-shm`, { force: true })
    await refusesAll(place, place.file, /is damaged|cannot be/)
  })

  test('a directory in the place of the file', async () => {
    const place = new Place()
    mkdirSync(place.file, { recursive: true })
    await refusesAll(place, place.file, /cannot be opened: it is a directory/)
  })
})

/**
 * Moves the log that commands have left into the file. The last process that closes the file does this, if it does not
 * end right after that.
 */
const takeIn = async (file: string): Promise<void> => {
  const store = await open(`sqlite://${file}`, { env: {} })
  await store.close()
}

/** The bit of SIGQUIT, the last but one of the signals that a waiting process begins to catch. */
const QUIT = 1 << (constants.signals.SIGQUIT - 1)

/** The signals that a process catches, one bit for each. */
const caught = (pid: number): number => {
  const [, mask = ''] =
    /^SigCgt:\s*\w{8}(\w{8})$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1')) ?? []
  return Number.parseInt(mask, 16)
}

/** A shell's prefix that leaves room for only a few pages on the disk of the data directory. */
const FULL_DISKS = [
  {
    name: 'a limit on the size of files',
    // in blocks of 512 bytes; a write beyond the limit fails
    prefix: 'ulimit -f 200; exec "$@"',
    usable: true,
  },
  {
    name: 'a small file system',
    prefix: 'mount -t tmpfs -o size=200k full "$(dirname "$RDV_DATA_DIR")" && exec "$@"',
    usable: mayMount,
  },
]

describe.each(FULL_DISKS.filter(({ usable }) => usable))(
  'on a full disk: $name',
  ({ name, prefix }) => {
    test('a write is 120, with the path, and what was acknowledged stays', async () => {
      const place = new Place()
      const script = `
      for i in $(seq 1 400); do
        error=$(rdv signal "key-$i-$(printf %0400d 0)" --timeout 5s --quiet 2>&1) || { code=$?; break; }
      done
      echo "$code $i"
      echo "$error"
      rdv list | wc -l`
      const inside = ['sh', '-c', prefix, 'sh', 'sh', '-c', script]
      const { stdout } =
        name === 'a small file system'
          ? await place.sh('exec unshare -rm "$@"', ...inside)
          : await place.sh('exec "$@"', ...inside)
      const [result = '', error = '', kept = ''] = stdout.split('\n')
      const [code, failed] = result.split(' ').map(Number)
      expect(code).toBe(120)
      expect(error).toContain(place.file)
      expect(error).toMatch(/^rdv: .*(full disk|cannot be)/)
      expect(failed).toBeGreaterThan(1)
      expect(Number(kept)).toBe(Number(failed) - 1)
    })
  },
)

describe('the default store', () => {
  test('is for its user alone', async () => {
    const place = new Place()
    await place.rdv('signal', 'k')
    expect(statSync(place.directory).mode & 0o777).toBe(0o700)
  })

  test('lies in the home of the password database, whatever $HOME says', async () => {
    const place = new Place()
    const doctor = (set: string) => place.sh(`unset RDV_DATA_DIR; ${set} rdv doctor --json`)
    const there = JSON.parse((await doctor('HOME=/one')).stdout).address
    expect(JSON.parse((await doctor('HOME=/other')).stdout).address).toBe(there)
    expect(there).toMatch(/^sqlite:\/\/\/.*\/rendezvous\.db$/)
  })

  test('can be opened by many at once while it is new', async () => {
    for (let round = 0; round < 6; round++) {
      const place = new Place()
      const all = Array.from({ length: 8 }, (_, i) => place.rdv('signal', `k${i}`))
      for (const { code, stderr } of await Promise.all(all)) {
        expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
      }
      expect(lines((await place.rdv('list')).stdout)).toHaveLength(8)
    }
  })

  test('that was removed while somebody waits is made anew, and the wait goes on', async () => {
    const place = new Place()
    const waiting = place.start('wait', 'k', '--timeout', '30s')
    await waiting.says(/waiting for k/)
    rmSync(place.directory, { recursive: true })
    await place.rdv('signal', 'k')
    expect(await waiting.ended).toMatchObject({ code: 0 })
  })

  // retried because it measures the wall clock, and other processes may use the machine at that moment
  test('that another process has locked is 120 at the deadline, and goes on once it is free', {
    retry: 1,
  }, async () => {
    const place = new Place()
    await place.rdv('signal', 'k')
    const database = new DatabaseSync(place.file)
    database.exec('BEGIN EXCLUSIVE')
    const { code, stderr, took } = await timed(place, 'signal', 'k', 'x', '--timeout', '500ms')
    expect(code).toBe(120)
    expect(stderr).toBe(`rdv: ${place.file} is locked by another process\n`)
    expect(took).toBeLessThan(500 + LATE)
    const writing = place.start('signal', 'k', 'y', '--timeout', '30s')
    const reading = await place.rdv('get', 'k')
    expect(reading.stdout).toBe('ready\n')
    database.exec('COMMIT')
    database.close()
    expect(await writing.ended).toMatchObject({ code: 0 })
    expect(await place.state('k')).toBe('y')
  })

  test.each(['signal k', 'get k', 'counter inc c', 'lock l -- echo ran'])(
    'that another process is about to set up is waited for until the deadline by %s',
    async (line) => {
      const place = new Place()
      mkdirSync(place.directory)
      const database = new DatabaseSync(place.file)
      database.exec('PRAGMA journal_mode = WAL; BEGIN IMMEDIATE')
      const ended = await place.rdv('--timeout', '500ms', ...line.split(' '))
      expect(ended).toMatchObject({ code: 120, stdout: '' })
      expect(ended.stderr).toBe(`rdv: ${place.file} is locked by another process\n`)
      database.exec('COMMIT')
      database.close()
      expect((await place.rdv('list', '--json')).stdout).toContain('[]')
    },
  )

  test.each(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const)(
    'that another process has locked is waited for until %s',
    async (signal) => {
      const place = new Place()
      await place.rdv('signal', 'k')
      const database = new DatabaseSync(place.file)
      database.exec('BEGIN EXCLUSIVE')
      const writing = place.start('signal', 'k', 'x', '--timeout', '30s')
      await expect.poll(() => caught(writing.pid) & QUIT).toBe(QUIT)
      writing.kill(signal)
      expect(await writing.ended).toMatchObject({ code: 128 + constants.signals[signal] })
      database.exec('COMMIT')
      database.close()
      expect(await place.state('k')).toBe('ready')
    },
  )

  test('a file that may be read only is 120 for a write', async () => {
    const place = new Place()
    await place.rdv('signal', 'k')
    chmodSync(place.file, 0o444)
    chmodSync(place.directory, 0o555)
    const { code, stderr } = await place.sh(`exec ${HUMBLE} rdv signal k x`)
    chmodSync(place.directory, 0o700)
    expect({ code, stderr }).toEqual({ code: 120, stderr: expect.stringContaining(place.file) })
    expect(await place.state('k')).toBe('ready')
  })
})
