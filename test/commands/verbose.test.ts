import { describe, expect, test } from 'vitest'
import { UnavailableError } from '../../src/base/errors.ts'
import { splitAtCommand } from '../../src/cli/argv.ts'
import { causesOf } from '../../src/cli/failure/causes.ts'
import { freePorts } from '../services/ports.ts'
import { lines, Place } from './rdv.ts'

const STACK = /^\s+at |\.cjs|\.ts:\d/m

describe('--verbose prints no stack trace', () => {
  test.each([
    ['wait k --timeout 100ms', 124],
    ['wait k --once', 1],
    ['get k', 1],
    ['get', 2],
    ['get k --nonsense', 2],
    ['frobnicate', 2],
    ['probe tcp://127.0.0.1:1', 1],
    ['signal k --backend sqlite:///dev/null/x', 120],
    ['doctor --backend sqlite:///dev/null/x', 120],
    ['lock l -- no-such-program', 127],
  ])('of rdv %s', async (line, code) => {
    const { own, command } = splitAtCommand(line.split(' '))
    const rest = command ? ['--', ...command] : []
    const place = new Place()
    const ended = await place.rdv(...own, '--verbose', ...rest)
    expect(ended.code).toBe(code)
    expect(ended.stdout + ended.stderr).not.toMatch(STACK)
  })

  test.each([
    ['wait k', /waiting for k/],
    ['lock l', /lock\/l/],
    ['lock l -- tail -v -f /dev/null', /dev.null/],
    ['elect e', / \d+\n/],
    ['elect e --events', /elected/],
    ['once o -- tail -v -f /dev/null', /dev.null/],
    ['signal h --hold -- tail -v -f /dev/null', /dev.null/],
    ['subscribe t', /subscribed/],
    ['barrier b --parties 2', /waiting for b/],
    ['counter wait c --at-least 2', /waiting for c/],
    ['lock l --backend etcd://127.0.0.1:9', /still trying/],
    ['subscribe t --backend consul://127.0.0.1:9', /still trying/],
  ])('of an end of rdv %s by INT or TERM', async (line, ready) => {
    const { own, command } = splitAtCommand(line.split(' '))
    const rest = command ? ['--', ...command] : []
    for (const [signal, code] of [
      ['SIGINT', 130],
      ['SIGTERM', 143],
    ] as const) {
      const running = new Place().start(...own, '--verbose', ...rest)
      await running.says(ready)
      running.kill(signal)
      const ended = await running.ended
      expect(ended.code).toBe(code)
      expect(ended.stdout + ended.stderr).not.toMatch(STACK)
    }
  })
})

test('--verbose says what led to a failure', async () => {
  const [port] = await freePorts(1)
  const place = new Place({ RDV_BACKEND: `http://127.0.0.1:${port}` })
  const { stderr } = await place.rdv('get', 'k', '--timeout', '300ms', '--verbose')
  const [failure, cause, ...more] = lines(stderr)
  expect(failure).toBe(`rdv: http://127.0.0.1:${port} is unreachable: connection refused`)
  expect(cause).toMatch(/^rdv: caused by: \S/)
  expect(more).toEqual([])
  expect((await place.rdv('get', 'k', '--timeout', '300ms')).stderr).not.toContain('caused by')
})

describe('the causes of a failure', () => {
  const failure = (cause: unknown) => new UnavailableError('it is out of reach', { cause })

  test('are told from near to far, each once', () => {
    const far = new Error('no route')
    const near = new Error('dial failed', { cause: far })
    expect(causesOf(failure(near))).toEqual(['dial failed', 'no route'])
    expect(causesOf(failure(new Error('is out of reach', { cause: far })))).toEqual(['no route'])
  })

  test('are told of each address that was tried', () => {
    const both = new AggregateError([
      new Error('refused by ::1'),
      new Error('refused by 127.0.0.1'),
    ])
    expect(causesOf(failure(both))).toEqual(['refused by ::1', 'refused by 127.0.0.1'])
  })

  test('hold no password, and end though they go in a circle', () => {
    const round = new Error('cannot parse postgres://u:hunter2@h/db\nsecond line')
    round.cause = new Error('again', { cause: round })
    expect(causesOf(failure(round))).toEqual([
      'cannot parse postgres://u:***@h/db second line',
      'again',
    ])
  })
})
