import { NoError } from '../base/errors.ts'
import { type Limits, withDeadline } from './core/deadline.ts'
import { keyIn, type Namespace } from './core/namespace.ts'
import { retryUntilAvailable } from './core/retry.ts'

/**
 * Reads the state of a key.
 * @throws NoError the key has no state.
 */
export const getState = (
  namespace: Namespace,
  name: string,
  limits: Limits = {},
): Promise<string> => {
  const key = keyIn(namespace, 'signal', name)
  return withDeadline(limits, async (signal) => {
    const call = { signal }
    const entry = await retryUntilAvailable(call, () => namespace.backend.get(key, call))
    if (entry) return Buffer.from(entry.value).toString()
    const { patternHint } = await import('./core/patterns.ts')
    throw new NoError(`${name} is not signalled${patternHint(name)}`)
  })
}
