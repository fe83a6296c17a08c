import type { TSchema } from 'typebox'
import { Value } from 'typebox/value'
import { nameFirst, splitAtCommand } from '../../src/cli/argv.ts'
import { takesValue } from '../../src/cli/flags/global-flags.ts'
import { COMMANDS } from '../../src/commands/index.ts'
import { FAILURE, JSON_RESULTS } from '../../src/commands/json-results.ts'

interface Written {
  readonly stdout: string
  readonly stderr: string
}

/** The id of the command that the arguments call; `undefined` if they call none. */
const idOf = (own: readonly string[]): string | undefined => {
  const ids = [...COMMANDS.keys()]
  const [first = '', second = ''] = nameFirst(own, ids, takesValue)
  return ids.find((id) => id === first || id === `${first}:${second}`)
}

/** The output of a run with `--json` that the schemas do not allow, with reasons. Empty if they allow all of it. */
export const wrongJson = (args: readonly string[], { stdout, stderr }: Written): string[] => {
  const { own, command } = splitAtCommand(args)
  if (!own.includes('--json') || own.includes('--help')) return []
  const id = idOf(own)
  const result = id === undefined ? undefined : JSON_RESULTS[id]
  const schemas = result ? [result.schema, FAILURE] : [FAILURE]
  // With COMMAND, stdout belongs to COMMAND, and stderr contains notes, too.
  const printed = command
    ? completeLines(stderr).filter((line) => line.startsWith('{"ok":'))
    : completeLines(stdout)
  return printed.flatMap((line) => wrongLine(line, schemas))
}

/** All lines but the last one, which may be incomplete if the process was killed. */
const completeLines = (text: string): string[] => text.split('\n').slice(0, -1)

const wrongLine = (line: string, schemas: readonly TSchema[]): string[] => {
  try {
    const value: unknown = JSON.parse(line)
    if (schemas.some((schema) => Value.Check(schema, value))) return []
    const reasons = schemas.map((schema) => JSON.stringify(Value.Errors(schema, value)))
    return [`${line} is not as the schema says: ${reasons.join('; or ')}`]
  } catch (error) {
    return [`${line} is not JSON: ${error}`]
  }
}
