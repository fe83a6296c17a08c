import { expect, test } from 'vitest'
import { look } from './servers.ts'

test('a name that resolves is up', async () => {
  expect(await look('dns://localhost')).toEqual({ up: true })
})

test('a name that does not resolve is not there yet', async () => {
  const found = await look('dns://nobody.invalid')
  expect(found).toEqual({ up: false, reason: 'name does not resolve' })
})

test('looks at the same time are answered alike', async () => {
  const found = await Promise.all([look('dns://nobody.invalid'), look('dns://nobody.invalid')])
  expect(found.map(({ up }) => up)).toEqual([false, false])
})
