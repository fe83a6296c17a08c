import { execFile } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { beforeEach, describe, expect, test } from 'vitest'
import type { Header } from '../../src/main/code-cache.ts'
import { temporaryFolder } from '../services/guard.ts'

const checkout = join(import.meta.dirname, '../..')

/** The package as somebody has installed it, who has not used it yet. */
const install = (): string => {
  const root = temporaryFolder('installed')
  mkdirSync(join(root, 'dist'))
  for (const name of [
    'package.json',
    'oclif.manifest.json',
    'dist/rdv.cjs',
    'dist/keep.cjs',
    'dist/program',
  ])
    cpSync(join(checkout, name), join(root, name), { recursive: true })
  symlinkSync(join(checkout, 'dist/vendor'), join(root, 'dist/vendor'))
  return root
}

/** Of a file of the cache. */
const headerOf = (bytes: Buffer): Header => JSON.parse(bytes.toString('latin1', 0, 2_048))

/** With another header before the code. */
const withParts = (parts: Header['parts']) => (bytes: Buffer) => {
  const header = JSON.stringify({ waited: true, parts }).padEnd(2_048)
  return Buffer.concat([Buffer.from(header), bytes.subarray(2_048)])
}

/** Each part is there twice, one behind the other. */
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

describe('what V8 compiled', () => {
  let root = ''
  let home = ''
  const cache = () => join(root, 'dist/cache')
  const own = () => join(home, '.cache/rendezvous')
  const signal = async (): Promise<void> => {
    const env = { HOME: home, RDV_DATA_DIR: join(home, 'data') }
    const { stderr } = await promisify(execFile)(
      process.execPath,
      [join(root, 'dist/rdv.cjs'), 'signal', 'k'],
      { env },
    )
    expect(stderr).toBe('')
  }
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
  })

  test.each([
    { damage: 'cut short', to: (code: Buffer) => code.subarray(0, code.length / 3) },
    { damage: 'empty', to: () => Buffer.alloc(0) },
    { damage: 'garbled', to: (code: Buffer) => Buffer.from(code).fill(0xee, 300_000, 300_016) },
    { damage: 'foreign', to: () => Buffer.from('#!/bin/sh\nexit 7\n') },
    { damage: 'JSON, but not ours', to: () => Buffer.from('{"parts":{"program/rdv.cjs":7}}') },
    { damage: 'wrong about a length', to: withParts({ 'program/rdv.cjs': [2_048, 1e15] }) },
    { damage: 'wrong about a place', to: withParts({ 'program/rdv.cjs': [2_056, 100_000] }) },
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

  test('changes nothing where it can be kept nowhere', async () => {
    writeFileSync(cache(), '')
    writeFileSync(join(home, '.cache'), '')
    await signal()
  })

  test('is whole when many processes make it at once', async () => {
    await Promise.all(Array.from({ length: 6 }, signal))
    expectWhole(onlyFile(cache()))
  })

  test('of another build is removed', async () => {
    mkdirSync(cache())
    writeFileSync(join(cache(), '0123456789abcdef-v1.2.3-x64-signal-sqlite'), '')
    await signal()
    expect(onlyFile(cache())).toContain(process.version)
  })
})
