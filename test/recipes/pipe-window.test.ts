import { expect, test } from 'vitest'
import { Window } from '../../src/recipes/pipe/window.ts'

/**
 * The window after some rounds. In each round, the reader reads all messages that may be on their way, and takes `each`
 * milliseconds for a message.
 */
const after = (rounds: number, each: number, window = new Window()): Window => {
  for (let round = 0; round < rounds; round++) {
    for (let i = window.size; i > 0; i--) window.read(each)
    window.adapt()
  }
  return window
}

test('two messages may be on their way to a reader of which nothing is known', () => {
  expect(new Window().size).toBe(2)
})

test('a quick reader gets more and more, up to 128', () => {
  expect(after(1, 0).size).toBe(4)
  expect(after(20, 0.001).size).toBe(128)
})

test('a slow reader gets one after the other', () => {
  expect(after(1, 100).size).toBe(1)
  expect(after(20, 100).size).toBe(1)
})

test('one that takes a quarter of the time gets four times as much', () => {
  expect(after(20, 0.4).size / after(20, 1.6).size).toBeCloseTo(4, 0)
})

test('a reader that comes to be slow gets less by and by, and more when it is quick again', () => {
  const window = after(20, 0.001)
  expect(after(1, 100, window).size).toBe(64)
  expect(after(20, 100, window).size).toBe(1)
  expect(after(20, 0.001, window).size).toBe(128)
})

test('what is on its way from far off does not let a reader wait', () => {
  const near = after(20, 1)
  const far = new Window()
  far.waited(60)
  far.waited(900)
  expect(after(20, 1, far).size).toBe(near.size + 60)
})
