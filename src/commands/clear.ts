import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { RdvCommand } from '../cli/base-command.ts'
import { printResult } from '../cli/output.ts'
import { UsageError } from '../errors.ts'
import { checkNames, clear } from '../recipes/clear.ts'
import { checkKey } from '../recipes/keys.ts'
import { quoted } from '../redact.ts'

export default class Clear extends RdvCommand {
  static override summary = 'Removes keys; clearing what is not there is success.'
  static override examples = [
    '<%= config.bin %> clear db',
    '<%= config.bin %> clear deploy/ --recursive',
    '<%= config.bin %> clear nightly --all',
  ]
  static override args = {
    key: Args.string({
      description: 'Such as db or deploy/node1.',
      required: true,
      multiple: true,
      ignoreStdin: true,
    }),
  }
  static override flags = {
    recursive: Flags.boolean({ summary: 'Also everything below each key: a whole group.' }),
    all: Flags.boolean({
      summary: "Also every recipe's things of these names, and what is below them.",
    }),
  }

  async run(): Promise<void> {
    const { args, flags } = await this.begin(Clear)
    const { recursive, all } = flags
    if (!recursive && !all) args.key.forEach(refuseGroup)
    checkNames(args.key, { recursive, all })
    await this.within(this.limits(), (space, { signal }) =>
      clear(space, args.key, { recursive, all, signal }),
    )
    await printResult(undefined, { ok: true, cleared: args.key })
  }
}

/** A key is cleared by its name alone, a group only on demand. */
const refuseGroup = (name: string): void => {
  const [, group] = /^(.*[^/])\/$/.exec(name) ?? []
  if (group !== undefined) {
    checkKey(group, 'group')
    throw new UsageError(`${quoted(name)} is a group: write rdv clear ${group} --recursive`)
  }
}
