import { execFile } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'
import { beforeEach, describe, expect, test } from 'vitest'
import type { Header } from '../../../src/start-up/code-cache/code-cache.ts'
import { temporaryFolder } from '../../services/watchdog.ts'
import { install } from './installed.ts'

/** The same number as in code-cache.ts, which only its bundle can run. */
const HEADER_LENGTH = 4_096

/** The header of a file of the cache. */
const headerOf = (bytes: Buffer): Header => JSON.parse(bytes.toString('latin1', 0, HEADER_LENGTH))

/** Replaces the header before the code. */
const withParts = (parts: Header['parts']) => (bytes: Buffer) => {
  const header = JSON.stringify({ waited: true, parts }).padEnd(HEADER_LENGTH)
  return Buffer.concat([Buffer.from(header), bytes.subarray(HEADER_LENGTH)])
}

/** Checks that each part is in the file twice, one copy after the other. */
const expectWhole = (file: string): void => {
  const bytes = readFileSync(file)
  const { parts } = headerOf(bytes)
  expect(Object.keys(parts)).toContain('program/rdv.cjs')
  for (const [at, length] of Object.values(parts)) {
    const [once, twice, end] = [at, at + length, at + 2 * length]
    expect(length).toBeGreaterThan(0)
    expect(bytes.subarray(once, twice)).toEqual(bytes.subarray(twice, end))
  }
}

interface Run {
  readonly uid?: number
  readonly backend?: string
}

describe('what V8 compiled', () => {
  let root = ''
  let home = ''
  const cache = () => join(root, 'dist/cache')
  const own = () => join(home, '.cache/rendezvous')
  const rdv = async (words: readonly string[], { uid, backend = '' }: Run = {}): Promise<void> => {
    const env = { HOME: home, RDV_DATA_DIR: join(home, 'data'), RDV_BACKEND: backend }
    const file = join(root, 'bin/rdv.cjs')
    const { stderr } = await promisify(execFile)(process.execPath, [file, ...words], { env, uid })
    expect(stderr).toBe('')
  }
  const signal = (run?: Run): Promise<void> => rdv(['signal', 'k'], run)
  const onlyFile = (directory: string): string => {
    const names = readdirSync(directory)
    expect(names).toHaveLength(1)
    return join(directory, names[0] ?? '')
  }

  beforeEach(() => {
    root = install()
    home = temporaryFolder('home')
  })

  test('is kept beside the program by its first run, and used by the next', async () => {
    await signal()
    const file = onlyFile(cache())
    const { ino } = statSync(file)
    await signal()
    expect(statSync(onlyFile(cache())).ino).toBe(ino)
    const { arch, version } = process
    expect(basename(file)).toMatch(RegExp(`^[0-9a-f]{16}-${version}-${arch}-signal-sqlite$`))
  })

  test.each(['signal', 'get'])(
    'is of one file for a plain %s, which loads no other',
    async (name) => {
      await signal()
      await rdv([name, 'k'])
      const file = readdirSync(cache()).find((one) => one.endsWith(`-${name}-sqlite`)) ?? ''
      expect(Object.keys(headerOf(readFileSync(join(cache(), file))).parts)).toEqual([
        'program/rdv.cjs',
      ])
    },
  )

  test.each([
    { damage: 'cut short', to: (code: Buffer) => code.subarray(0, code.length / 3) },
    { damage: 'empty', to: () => Buffer.alloc(0) },
    { damage: 'garbled', to: (code: Buffer) => Buffer.from(code).fill(0xee, 300_000, 300_016) },
    { damage: 'foreign', to: () => Buffer.from('#!/bin/sh\nexit 7\n') },
    { damage: 'JSON, but not ours', to: () => Buffer.from('{"parts":{"program/rdv.cjs":7}}') },
    { damage: 'wrong about a length', to: withParts({ 'program/rdv.cjs': [HEADER_LENGTH, 1e15] }) },
    {
      damage: 'wrong about a place',
      to: withParts({ 'program/rdv.cjs': [HEADER_LENGTH + 8, 100_000] }),
    },
  ])('is made anew when it is $damage', async ({ to }) => {
    await signal()
    const file = onlyFile(cache())
    const sound = readFileSync(file)
    writeFileSync(file, to(sound))
    await signal()
    expectWhole(onlyFile(cache()))
  })

  test('lies in the home where the program’s folder cannot be written', async () => {
    writeFileSync(cache(), 'a file stands in the way')
    await signal()
    expect(onlyFile(own())).toContain('signal')
  })

  test('is not kept where others could write it', async () => {
    mkdirSync(cache())
    chmodSync(cache(), 0o777)
    await signal()
    expect(readdirSync(cache())).toEqual([])
    expect(onlyFile(own())).toContain('signal')
  })

  test('is not taken from somebody else', async () => {
    await signal()
    const file = onlyFile(cache())
    const { ino } = statSync(file)
    writeFileSync(file, Buffer.alloc(readFileSync(file).length, 1))
    if (process.getuid?.() === 0) chownSync(cache(), 12_345, 12_345)
    else chmodSync(cache(), 0o775)
    await signal()
    expect(statSync(file).ino).toBe(ino)
    expect(onlyFile(own())).toContain('signal')
  })

  test('is completed in the home where somebody else has left only a part of it', async () => {
    await signal()
    const file = onlyFile(cache())
    writeFileSync(file, readFileSync(file).fill(0xee, 300_000, 300_016))
    const run = process.getuid?.() === 0 ? { uid: 65_534 } : {}
    rmSync(join(home, 'data'), { recursive: true })
    for (const folder of [root, cache()]) chmodSync(folder, 0o555)
    if (run.uid) chownSync(home, run.uid, run.uid)
    await signal(run)
    const { ino } = statSync(onlyFile(own()))
    await signal(run)
    expect(statSync(onlyFile(own())).ino).toBe(ino)
    chmodSync(cache(), 0o755)
  })

  test('is kept with the runs of other flags, and told apart by commands and known stores', async () => {
    await signal()
    await rdv(['signal', '--help'])
    await rdv(['signal', '--help'], { backend: 'secret@host' })
    await rdv(['signal', '--help'], { backend: 'x1:' })
    const names = readdirSync(cache()).map((name) => name.replace(/^.*-(?=signal|other)/, ''))
    expect(names.sort()).toEqual(['other', 'signal-sqlite'])
  })

  test('changes nothing where what keeps it has gone meanwhile', async () => {
    rmSync(join(root, 'dist/keep.cjs'))
    await signal()
  })

  test('changes nothing where it can be kept nowhere', async () => {
    writeFileSync(cache(), '')
    writeFileSync(join(home, '.cache'), '')
    await signal()
  })

  test('changes nothing where neither folder can be made', async () => {
    writeFileSync(cache(), '')
    const env = { HOME: '/proc/self', RDV_DATA_DIR: join(home, 'data') }
    const argv = [join(root, 'bin/rdv.cjs'), 'signal', 'k']
    const ended = await promisify(execFile)(process.execPath, argv, { env, timeout: 30_000 })
    expect(ended).toEqual({ stdout: '', stderr: '' })
  })

  test('is whole when many processes make it at once', async () => {
    await Promise.all(Array.from({ length: 6 }, () => signal()))
    expectWhole(onlyFile(cache()))
  })

  test('of another build is not used, and removed', async () => {
    await signal()
    const old = basename(onlyFile(cache()))
    for (const name of ['load.cjs', 'keep.cjs']) {
      const file = join(root, 'dist', name)
      const text = readFileSync(file, 'utf8')
      expect(text).toContain(old.slice(0, 16))
      writeFileSync(file, text.replaceAll(old.slice(0, 16), '0123456789abcdef'))
    }
    await signal()
    expect(basename(onlyFile(cache()))).toBe(`0123456789abcdef${old.slice(16)}`)
  })
})
