import { UsageError } from '../../base/errors.ts'
import { quoteRedacted } from '../../base/redact.ts'
import { invocation } from '../invocation.ts'

/**
 * Refuses a command line such as `rdv wait db ./server`. No key is a path, so the `--` before COMMAND was forgotten.
 * @throws UsageError the `--` was forgotten.
 */
export const refuseMissingDashes = async (targets: readonly string[]): Promise<void> => {
  const paths = targets.filter((target) => /^\.{0,2}\/[^/]/.test(target))
  const path = await programAmong(targets, paths)
  if (path === undefined) return
  throw new UsageError(
    `${quoteRedacted(path)} is a program: to run it as COMMAND, write -- before it`,
  )
}

/**
 * The first candidate that is a program and not the first target. `undefined` if there is none, or if the command line
 * has a COMMAND.
 */
export const programAmong = async (
  targets: readonly string[],
  candidates: readonly string[],
): Promise<string | undefined> => {
  const possible = candidates.filter((name) => targets.indexOf(name) > 0)
  if (invocation.command !== undefined || possible.length === 0) return undefined
  const { findProgram } = await import('../../child/resolve.ts')
  return possible.find((name) => findProgram(name, process.env) !== undefined)
}
