import { UsageError } from '../../base/errors.ts'
import { quoteRedacted } from '../../base/redact.ts'
import { checkKey, isPlain } from './keys.ts'

/**
 * Checks a key that will be signalled or read. `rdv wait` accepts no key that begins with a scheme, such as `tcp:4000`,
 * so other commands refuse it, too.
 * @throws UsageError one sentence that says what to write instead.
 */
export const checkSignalKey = async (name: string): Promise<void> => {
  if (isPlain(name)) return
  checkKey(name)
  const { adviceFor } = await import('../../probes/advice.ts')
  const advice = adviceFor(name)
  if (advice === undefined || advice.kind === 'address') return
  const offer = advice.key ?? 'a name such as deploy/node1'
  const fault = advice.kind === 'scheme' ? 'looks like a URL' : advice.is
  throw new UsageError(
    `the key ${quoteRedacted(name)} ${fault}, which rdv wait does not accept as a key: write ${offer}`,
  )
}
