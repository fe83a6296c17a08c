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
import { temporaryFolder } from '../services/guard.ts'

const checkout = join(import.meta.dirname, '../..')

/** The package as somebody has installed it, who has not used it yet. */
const install = (): string => {
  const root = temporaryFolder('installed')
  mkdirSync(join(root, 'dist'))
  for (const name of [
    'bin',
    'package.json',
    'oclif.manifest.json',
    'dist/load.cjs',
    'dist/keep.cjs',
    'dist/program',
  ])
    cpSync(join(checkout, name), join(root, name), { recursive: true })
  symlinkSync(join(checkout, 'dist/vendor'), join(root, 'dist/vendor'))
  return root
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
      [join(root, 'bin/rdv.cjs'), 'signal', 'k'],
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
  ])('is made anew when it is $damage', async ({ to }) => {
    await signal()
    const file = onlyFile(cache())
    const sound = readFileSync(file)
    writeFileSync(file, to(sound))
    await signal()
    const mended = readFileSync(onlyFile(cache()))
    expect(mended.subarray(0, mended.length / 2)).toEqual(mended.subarray(mended.length / 2))
    expect(mended.length).toBeGreaterThan(0)
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
    const code = readFileSync(onlyFile(cache()))
    expect(code.subarray(0, code.length / 2)).toEqual(code.subarray(code.length / 2))
  })

  test('of another build is removed', async () => {
    mkdirSync(cache())
    writeFileSync(join(cache(), '0123456789abcdef-v1.2.3-x64-signal-sqlite'), '')
    await signal()
    expect(onlyFile(cache())).toContain(process.version)
  })
})
