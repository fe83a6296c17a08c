import { NoError } from '../errors.ts'
import { type Limits, withLateDeadline } from './deadline.ts'
import { whenAvailable } from './retry.ts'
import { keyIn, type Space } from './space.ts'

/**
 * The state of a key.
 * @throws NoError it has none.
 */
export const getState = (space: Space, name: string, limits: Limits = {}): Promise<string> => {
  const key = keyIn(space, 'signal', name)
  return withLateDeadline(limits, async (call) => {
    const entry = await whenAvailable(call, () => space.backend.get(key, call))
    if (entry) return Buffer.from(entry.value).toString()
    const { patternHint } = await import('./patterns.ts')
    throw new NoError(`${name} is not signalled${patternHint(name)}`)
  })
}
