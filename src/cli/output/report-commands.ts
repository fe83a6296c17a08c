import { targetNames } from '../../recipes/wait/wait-targets.ts'
import { invocation } from '../invocation.ts'
import { note } from './print.ts'

/** With `--verbose`, prints the commands of `exec:` targets, but only on stderr, because they may contain secrets. */
export const reportCommands = (targets: readonly string[]): void => {
  if (!invocation.style.verbose) return
  const names = targetNames(targets)
  for (const [index, text] of targets.entries()) {
    if (names[index]?.startsWith('exec:')) note(`${names[index]} runs ${text.slice(5).trim()}`)
  }
}
