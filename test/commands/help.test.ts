import { describe, expect, test } from 'vitest'
import { COMMAND_GROUPS } from '../../src/commands/groups.ts'
import { COMMANDS } from '../../src/commands/index.ts'
import { Place } from './rdv.ts'

const NAMES = [...COMMANDS.keys()].map((id) => id.replace(':', ' '))

describe('the help', () => {
  test('has every command in one group', () => {
    const grouped = COMMAND_GROUPS.flatMap(([, ids]) => ids)
    expect([...grouped].sort()).toEqual([...COMMANDS.keys()].sort())
  })

  test.for([['help'], ['--help'], ['-h']])('lists every command: %s', async (words) => {
    const { code, stdout, stderr } = await new Place().rdv(...words)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    for (const name of NAMES) expect(stdout).toMatch(new RegExp(`^  ${name} {2,}\\S`, 'm'))
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(100)
  })

  test.for(['lock', 'counter', 'counter inc', 'pipe'])('of a command: %s', async (name) => {
    const place = new Place()
    const words = name.split(' ')
    const [byFlag, byWord] = await Promise.all([
      place.rdv(...words, '--help'),
      place.rdv('help', ...words),
    ])
    expect(byWord).toEqual(byFlag)
    expect(byWord).toMatchObject({ code: 0, stdout: expect.stringContaining(`$ rdv ${name} `) })
  })

  test('of a command that there is not is refused', async () => {
    const { code, stdout, stderr } = await new Place().rdv('help', 'lokc')
    expect({ code, stdout, stderr }).toEqual({
      code: 2,
      stdout: '',
      stderr: 'rdv: unknown command "lokc": did you mean lock?\n',
    })
  })

  test('has one form of usage for all commands', async () => {
    const place = new Place()
    for (const name of NAMES) {
      const { stdout } = await place.rdv(...name.split(' '), '--help')
      const [, usage] = /^USAGE\n {2}\$ rdv (.*)$/m.exec(stdout) ?? []
      expect(usage, name).toMatch(/ \[FLAGS\]( \[?-- COMMAND…\]?)?$/)
    }
  })
})

test.for([['version'], ['--version']])('the version: %s', async (words) => {
  const { code, stdout, stderr } = await new Place().rdv(...words)
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(stdout).toMatch(/^rendezvous\/\d+\.\d+\.\d+ /)
})
