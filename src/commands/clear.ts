import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { UsageError } from '../base/errors.ts'
import { quoteRedacted } from '../base/redact.ts'
import { RdvCommand } from '../cli/base-command.ts'
import { printResult } from '../cli/output/print.ts'
import { checkNames, clear, clearedKinds } from '../recipes/clear.ts'
import { checkKey } from '../recipes/core/keys.ts'
import { groupAbovePattern, patternsAmong } from '../recipes/core/patterns.ts'

export default class Clear extends RdvCommand {
  static override summary = 'Removes keys. A key that does not exist is not an error.'
  static override examples = [
    '<%= config.bin %> clear db',
    '<%= config.bin %> clear deploy/ --recursive',
    '<%= config.bin %> clear nightly --all',
  ]
  static override args = {
    key: Args.string({
      description: 'Name of a key, such as db or deploy/node1.',
      required: true,
      multiple: true,
      ignoreStdin: true,
    }),
  }
  static override flags = {
    recursive: Flags.boolean({ summary: 'Also removes all keys below each KEY.' }),
    all: Flags.boolean({
      summary:
        'Also removes all other objects with these names or below them, such as locks, counters and topics.',
    }),
  }

  async run(): Promise<void> {
    const { args, flags } = await this.begin(Clear)
    const { recursive, all } = flags
    if (!recursive && !all) args.key.forEach(refuseGroup)
    const names = checkNames(args.key, { recursive, all })
    await this.within(this.limits(), async (namespace, { signal }) => {
      refusePattern(await patternsAmong(namespace, clearedKinds({ all }), names, signal))
      await clear(namespace, args.key, { recursive, all, signal })
    })
    await printResult(undefined, { ok: true, cleared: args.key })
  }
}

/** A key is cleared by its name alone; a group needs --recursive. */
const refuseGroup = (name: string): void => {
  const [, group] = /^(.*[^/])\/$/.exec(name) ?? []
  if (group !== undefined) {
    checkKey(group, 'group')
    throw new UsageError(`${quoteRedacted(name)} is a group: write rdv clear ${group} --recursive`)
  }
}

/** Clearing nothing is a success. However, a user who writes a pattern expects that all matching keys are cleared. */
const refusePattern = (patterns: readonly string[]): void => {
  const pattern = patterns.find((name) => name.includes('*'))
  if (pattern === undefined) return
  const group = groupAbovePattern(pattern)
  const instead = group
    ? `to clear all keys below ${group}, write ${group} --recursive`
    : 'write names as rdv list and rdv status print them'
  throw new UsageError(`nothing is named "${pattern}", and patterns are not supported: ${instead}`)
}
