import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Command, Interfaces } from '@oclif/core'
import { COMMANDS } from '../commands/index.ts'
import { loadCommand } from './load-command.ts'

type Plugin = Interfaces.Plugin
type Loadable = Command.Loadable

/**
 * The program as oclif's root plugin. It is made from the list of commands, so that oclif does not search the disk. The texts
 * of the help are read from the manifest.
 */
export const rootPlugin = (root: string, pjson: Interfaces.PJSON): Plugin => {
  const described = readManifest(root)
  const commands = [...COMMANDS.keys()].map((id) => ({
    ...described[id],
    pluginType: 'core',
    load: () => loadCommand(id),
  }))
  const plugin = {
    _base: '',
    alias: pjson.name,
    commandIDs: [...COMMANDS.keys()],
    commands: commands as unknown as Loadable[],
    commandsDir: undefined,
    findCommand: loadCommand,
    hasManifest: true,
    hooks: {},
    isRoot: true,
    load: async () => {},
    moduleType: 'commonjs' as const,
    name: pjson.name,
    options: { root, pjson },
    pjson,
    root,
    topics: topicsOf(pjson),
    type: 'core',
    valid: true,
    version: pjson.version,
  }
  return plugin as unknown as Plugin
}

/** The descriptions of the commands for the help, by id. */
export const readManifest = (root: string): Record<string, Partial<Loadable>> => {
  const text = readFileSync(join(root, 'oclif.manifest.json'), 'utf8')
  return (JSON.parse(text) as { commands: Record<string, Partial<Loadable>> }).commands
}

const topicsOf = (pjson: Interfaces.PJSON) =>
  Object.entries(pjson.oclif.topics ?? {}).map(([name, topic]) => ({ ...topic, name }))
