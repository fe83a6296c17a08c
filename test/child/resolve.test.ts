import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { CommandError } from '../../src/child/errors.ts'
import { executable, resolveCommand } from '../../src/child/resolve.ts'
import { driver, run } from './harness.ts'

const folder = mkdtempSync(join(tmpdir(), 'rdv-resolve-'))
afterAll(() => rmSync(folder, { recursive: true }))

function file(name: string, content: string | Buffer, mode = 0o755): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  chmodSync(path, mode)
  return path
}

function elf(change: (head: Buffer) => void): Buffer {
  const head = Buffer.from(readFileSync(process.execPath).subarray(0, 4096))
  change(head)
  return head
}

const interpreterIn = (head: Buffer): number => head.indexOf('/lib')
mkdirSync(join(folder, 'directory'))

const REFUSED: readonly [string, string, 126 | 127][] = [
  ['no such program', 'rdv-no-such-program', 127],
  ['no such file', join(folder, 'absent'), 127],
  ['a file as a directory', join(file('plain', 'x'), 'y'), 127],
  ['an empty name', '', 127],
  ['a directory', join(folder, 'directory'), 126],
  ['no execute bit', file('no-x', '#!/bin/sh\n', 0o644), 126],
  ['an interpreter that is absent', file('bad', '#!/no/such\n'), 127],
  ['an interpreter with a carriage return', file('crlf', '#!/bin/sh\r\n'), 127],
  [
    'an interpreter that may not be executed',
    file('denied', `#! ${join(folder, 'no-x')} -x\n`),
    126,
  ],
  ['an interpreter that is itself', file('self', `#!${join(folder, 'self')}\n`), 126],
  [
    'a program for another machine',
    file(
      'foreign',
      elf((head) => head.writeUInt16LE(0x1234, 18)),
    ),
    126,
  ],
  [
    'an object file',
    file(
      'object',
      elf((head) => head.writeUInt16LE(1, 16)),
    ),
    126,
  ],
  ['a truncated program', file('truncated', '\x7fELF'), 126],
  ['binary data', file('data', Buffer.from([1, 0, 2, 10])), 126],
  [
    'a program without its loader',
    file(
      'no-loader',
      elf((head) => head.write('/nib', interpreterIn(head))),
    ),
    127,
  ],
]

describe.each(['replace', 'supervise'])('%s', (how) => {
  test.each(REFUSED)('refuses %s', async (_what, name, code) => {
    const ended = await run(driver(how, '--', name, 'argument'))
    expect(ended).toMatchObject({ code, signal: null })
    expect(ended.output).toMatch(/^CommandNot(Found|Executable)Error: .*\n$/)
  })

  test('runs a script without #! by the shell', async () => {
    const script = file(`bare-${how}`, 'echo "$0 $1"; exit 3\n')
    expect(await run(driver(how, '--', script, 'x'))).toMatchObject({
      code: 3,
      output: `${script} x\n`,
    })
  })

  test('runs a script by a script', async () => {
    const inner = file(`inner-${how}`, '#!/bin/sh\necho "inner $@"\n')
    const outer = file(`outer-${how}`, `#!${inner} -o\n`)
    expect(await run(driver(how, '--', outer, 'x'))).toMatchObject({
      output: `inner -o ${outer} x\n`,
    })
  })

  test('an empty file succeeds', async () => {
    expect(await run(driver(how, '--', file(`empty-${how}`, '')))).toMatchObject({
      code: 0,
      output: '',
    })
  })

  test('keeps the name as it was typed', async () => {
    const { stdout } = await run(driver(how, '--', 'sed', '-n', '$p', '/proc/self/cmdline'))
    expect(stdout.split('\0')[0]).toBe('sed')
  })
})

test('PATH is searched as execvp does', () => {
  mkdirSync(join(folder, 'first'))
  file('first/tool', 'x', 0o644)
  const tool = file('tool', 'x')
  const both = { PATH: `${folder}/none:${folder}/first:${folder}` }
  expect(resolveCommand('tool', both)).toBe(tool)
  expect(code(() => resolveCommand('tool', { PATH: `${folder}/first` }))).toBe(126)
  expect(code(() => resolveCommand('tool', { PATH: `${folder}/none` }))).toBe(127)
  expect(resolveCommand('sh', {})).toBe('/bin/sh')
})

test('an empty part of PATH is the working directory', () => {
  expect(code(() => resolveCommand('package.json', { PATH: '/none:' }))).toBe(126)
})

test('a script of the working directory is no option of the shell', () => {
  expect(executable([file('bare', 'true\n'), '-x'], {})).toEqual({
    file: '/bin/sh',
    argv: ['/bin/sh', join(folder, 'bare'), '-x'],
  })
})

function code(act: () => unknown): number | undefined {
  try {
    act()
    return undefined
  } catch (error) {
    if (error instanceof CommandError) return error.exitCode
    throw error
  }
}
