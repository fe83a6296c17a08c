import { describe, expect, test } from 'vitest'
import type { Backend } from '../../src/backends/backend.ts'
import { IndeterminateError } from '../../src/base/errors.ts'
import { clear } from '../../src/recipes/clear.ts'
import type { Namespace } from '../../src/recipes/core/namespace.ts'
import { list } from '../../src/recipes/list.ts'
import { signal } from '../../src/recipes/signal.ts'
import { distorted, memory } from './namespace.ts'

type Fate = (commit: () => Promise<unknown>) => Promise<unknown>

const noAnswer = (): never => {
  throw new IndeterminateError('no answer')
}

/** A store whose first commits have these outcomes, one after the other. Later commits are normal. */
const faring = (namespace: Namespace, ...fates: Fate[]): Namespace => {
  const commit: Backend['commit'] = async (...args) => {
    const apply = () => namespace.backend.commit(...args)
    await fates.shift()?.(apply)
    return apply()
  }
  return distorted(namespace, { commit })
}

const applied: Fate = async (commit) => {
  await commit()
  noAnswer()
}
const neverSent: Fate = async () => noAnswer()

const filled = async (...keys: string[]): Promise<Namespace> => {
  const namespace = await memory()
  for (const key of keys) await signal(namespace, key)
  return namespace
}

const left = async (namespace: Namespace): Promise<string[]> =>
  (await list(namespace)).map(({ key, state }) => `${key}=${state}`)

describe('a clear whose answer is lost', () => {
  test.each([
    ['though it was applied', [applied]],
    ['and that was never applied', [neverSent]],
    ['several times', [neverSent, applied]],
  ])('%s is done', async (_, fates) => {
    const namespace = await filled('g/1', 'g/2', 'h')
    await clear(faring(namespace, ...fates), ['g'], { recursive: true })
    expect(await left(namespace)).toEqual(['h=ready'])
  })

  test('removes nothing that was signalled after it', async () => {
    const namespace = await filled('k')
    const late: Fate = async (commit) => {
      await commit()
      await signal(namespace, 'k', 'later')
      noAnswer()
    }
    await clear(faring(namespace, late), ['k'])
    expect(await left(namespace)).toEqual(['k=later'])
  })

  test('and whose commit arrives late removes nothing that was signalled meanwhile', async () => {
    const namespace = await filled('k')
    let arrive: (() => Promise<unknown>) | undefined
    const delayed: Fate = async (commit) => {
      arrive = commit
      noAnswer()
    }
    await clear(faring(namespace, delayed), ['k'])
    await signal(namespace, 'k', 'later')
    await arrive?.()
    expect(await left(namespace)).toEqual(['k=later'])
  })
})

test('a key that changes while it is cleared is cleared', async () => {
  const namespace = await filled('k', 'l')
  const busy = faring(namespace, async () => signal(namespace, 'k', 'changed'))
  await clear(busy, ['k', 'l'])
  expect(await left(namespace)).toEqual([])
})
