import { UsageError } from '../errors.ts'
import { adviceFor } from '../probes/advice.ts'
import { quoted } from '../redact.ts'
import { checkKey } from './keys.ts'

/**
 * Checks a key that is to be signalled or read. No wait takes one that begins with a scheme, such as `tcp:4000`.
 * @throws UsageError one sentence that says what to write instead.
 */
export const checkSignalKey = (name: string): void => {
  checkKey(name)
  const advice = adviceFor(name)
  if (advice === undefined || advice.kind === 'address') return
  const offer = advice.key ?? 'one such as deploy/node1'
  throw new UsageError(`the key ${quoted(name)} ${advice.is}: name it ${offer}`)
}
