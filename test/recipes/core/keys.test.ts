import { describe, expect, test } from 'vitest'
import { UsageError } from '../../../src/base/errors.ts'
import { checkGroup, checkKey, checkNamespace, checkState } from '../../../src/recipes/core/keys.ts'

describe('a key', () => {
  test.each([
    'a',
    'db',
    'deploy/node1',
    'a/b/c/d',
    'A-Z_0.9',
    'a b',
    'ключ',
    '節點',
    '🚀',
    'a:b',
    'a:/b',
    'exec',
    'xexec:',
    'a/exec:x',
    'a_',
    'a/_b',
    '...',
    'a/...',
    '.a',
    'a..b',
    '*',
    '-',
    '--',
    '%2F',
    '~',
    'k'.repeat(512),
    'é'.repeat(256),
    '\u00a0',
  ])('may be %j', (name) => {
    expect(checkKey(name)).toBe(name)
  })

  test.each([
    ['', 'is empty'],
    ['/', 'empty part'],
    ['/a', 'begins with a slash'],
    ['a/', 'ends with a slash, which marks a group'],
    ['a//b', 'empty part'],
    ['.', 'part "."'],
    ['..', 'part "."'],
    ['a/.', 'part "."'],
    ['../a', 'part "."'],
    ['a/../b', 'part "."'],
    ['a=b', '"="'],
    ['=', '"="'],
    ['a://b', 'URL'],
    ['://', 'URL'],
    ['_', 'reserved'],
    ['_a/b', 'reserved'],
    ['exec:', 'marks a command'],
    ['exec:ls', 'marks a command'],
    ['Exec:ls', 'marks a command'],
    ['a\0', 'control'],
    ['a\n', 'control'],
    ['\t', 'control'],
    ['\u001b[31m', 'control'],
    ['\u007f', 'control'],
    ['\u0080', 'control'],
    ['\u009f', 'control'],
    ['k'.repeat(513), 'longer than 512'],
    ['é'.repeat(257), 'longer than 512'],
    ['\ud800', 'Unicode'],
    ['a\udc00b', 'Unicode'],
  ])('is not %j: %s', (name, says) => {
    const check = () => checkKey(name)
    expect(check).toThrow(UsageError)
    expect(check).toThrow(says)
  })

  test('is told without what a terminal would obey, and not at length', () => {
    const told = (name: string): string => {
      try {
        return checkKey(name)
      } catch (error) {
        return (error as Error).message
      }
    }
    expect(told('\u001b[31m\n')).toMatch(/^[ -~]+$/)
    expect(told('k'.repeat(100_000)).length).toBeLessThan(200)
  })
})

test.each(['a/', 'a/b/', '節點/'])('%j is a group', (name) => {
  expect(checkGroup(name)).toBe(name)
})

test.each(['', '/', 'a', 'a//', '//', '_a/', 'a=b/', 'exec:a/', './', 'a/../'])(
  '%j is no group',
  (name) => {
    expect(() => checkGroup(name)).toThrow(UsageError)
  },
)

test.each(['rdv', 'team/app', 'x'])('%j is a namespace', (name) => {
  expect(checkNamespace(name)).toBe(name)
})

test.each(['', 'a/', '_x', 'a=b'])('%j is no namespace', (name) => {
  expect(() => checkNamespace(name)).toThrow(/^the namespace /)
})

test.each(['ready', 'two words', 'a=b', '_', '*', '🚀', 'http://x', 'x'.repeat(10_000)])(
  '%j is a state',
  (state) => {
    expect(checkState(state)).toBe(state)
  },
)

test.each(['', '\n', 'a\tb', '\0', '\u007f', '\ud800'])('%j is no state', (state) => {
  expect(() => checkState(state)).toThrow(UsageError)
})
