import { describe, expect, test } from 'vitest'
import type { Backend } from '../../src/backends/backend.ts'
import { IndeterminateError } from '../../src/errors.ts'
import { clear } from '../../src/recipes/clear.ts'
import { list } from '../../src/recipes/list.ts'
import { signal } from '../../src/recipes/signal.ts'
import type { Space } from '../../src/recipes/space.ts'
import { distorted, memory } from './space.ts'

type Fate = (commit: () => Promise<unknown>) => Promise<unknown>

const noAnswer = (): never => {
  throw new IndeterminateError('no answer')
}

/** A store whose commits fare one after the other as the list says, then as usual. */
const faring = (space: Space, ...fates: Fate[]): Space => {
  const commit: Backend['commit'] = async (...args) => {
    const apply = () => space.backend.commit(...args)
    await fates.shift()?.(apply)
    return apply()
  }
  return distorted(space, { commit })
}

const applied: Fate = async (commit) => {
  await commit()
  noAnswer()
}
const neverSent: Fate = async () => noAnswer()

const filled = async (...keys: string[]): Promise<Space> => {
  const space = await memory()
  for (const key of keys) await signal(space, key)
  return space
}

const left = async (space: Space): Promise<string[]> =>
  (await list(space)).map(({ key, state }) => `${key}=${state}`)

describe('a clear whose answer is lost', () => {
  test.each([
    ['though it was applied', [applied]],
    ['and that was never applied', [neverSent]],
    ['several times', [neverSent, applied]],
  ])('%s is done', async (_, fates) => {
    const space = await filled('g/1', 'g/2', 'h')
    await clear(faring(space, ...fates), ['g'], { recursive: true })
    expect(await left(space)).toEqual(['h=ready'])
  })

  test('removes nothing that was signalled after it', async () => {
    const space = await filled('k')
    const late: Fate = async (commit) => {
      await commit()
      await signal(space, 'k', 'later')
      noAnswer()
    }
    await clear(faring(space, late), ['k'])
    expect(await left(space)).toEqual(['k=later'])
  })

  test('and whose commit arrives late removes nothing that was signalled meanwhile', async () => {
    const space = await filled('k')
    let arrive: (() => Promise<unknown>) | undefined
    const delayed: Fate = async (commit) => {
      arrive = commit
      noAnswer()
    }
    await clear(faring(space, delayed), ['k'])
    await signal(space, 'k', 'later')
    await arrive?.()
    expect(await left(space)).toEqual(['k=later'])
  })
})

test('a key that changes while it is cleared is cleared', async () => {
  const space = await filled('k', 'l')
  const busy = faring(space, async () => signal(space, 'k', 'changed'))
  await clear(busy, ['k', 'l'])
  expect(await left(space)).toEqual([])
})
