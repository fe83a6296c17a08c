import { writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { Command } from '@oclif/core'
import packageJson from '../package.json' with { type: 'json' }
import { COMMANDS, type CommandClass } from '../src/commands/index.ts'
import { usage } from './docs.ts'

type Describe = (
  command: CommandClass,
  plugin: undefined,
  respectNoCache: boolean,
) => Promise<Command.Cached>

/** The function with which oclif describes a command in a manifest. The package does not export it. */
const describeCommand = (root: string): Describe => {
  const file = join(root, 'node_modules/@oclif/core/lib/util/cache-command.js')
  return (createRequire(file)(file) as { cacheCommand: Describe }).cacheCommand
}

/** Writes the help texts of all commands to `oclif.manifest.json`, so that the help loads no command. */
export const writeManifest = async (root: string): Promise<void> => {
  const describe = describeCommand(root)
  const commands: Record<string, Command.Cached> = {}
  for (const [id, load] of COMMANDS) {
    const command = (await load()).default
    command.id = id
    const described = await describe(command, undefined, false)
    commands[id] = {
      ...described,
      id,
      usage: command.usage ?? usage(id.replace(':', ' '), command),
    }
  }
  const manifest = { commands, version: packageJson.version }
  await writeFile(join(root, 'oclif.manifest.json'), `${JSON.stringify(manifest, undefined, 2)}\n`)
}
