import { expect, test } from 'vitest'
import { mostSimilar } from '../../src/base/similar.ts'

const WORDS = ['clear', 'get', 'list', 'signal', 'wait']

test.each([
  ['wiat', 'wait'],
  ['signla', 'signal'],
  ['sginla', 'signal'],
  ['clera', 'clear'],
  ['geet', 'get'],
  ['gt', 'get'],
  ['lists', 'list'],
  ['wait', 'wait'],
  ['frobnicate', undefined],
  ['', undefined],
])('%s may mean %s', (typed, meant) => {
  expect(mostSimilar(typed, WORDS)).toBe(meant)
})
