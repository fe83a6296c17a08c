import { UsageError } from '../../base/errors.ts'
import { quoteRedacted } from '../../base/redact.ts'
import { mostSimilar } from '../../base/similar.ts'
import { takesValue } from '../flags/global-flags.ts'
import { commandHint } from './other-tools/commands.ts'
import { flagHint } from './other-tools/flags.ts'

/** The error for a command that does not exist. `words` are its name and then the flags that stood before it. */
export const unknownCommand = (
  name: string,
  words: readonly string[],
  ids: readonly string[],
): UsageError => {
  const [, flag = ''] = words
  // In `-t 5`, the 5 was taken for the command.
  const habit = /^\d/.test(name) ? flagHint('wait', flag, name) : undefined
  if (habit?.startsWith('--') && takesValue(habit))
    return new UsageError(`unknown flag ${flag}: write ${habit} ${name}`)
  const similar = mostSimilar(name, ids)
  const hint =
    commandHint(name) ?? (similar === undefined ? 'see rdv help' : `did you mean ${similar}?`)
  return new UsageError(`unknown command ${quoteRedacted(name)}: ${hint}`)
}
