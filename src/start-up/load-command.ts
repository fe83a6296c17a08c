import { COMMANDS, type CommandClass } from '../commands/index.ts'

/** Loads the class of a command by its id. */
export const loadCommand = async (id: string): Promise<CommandClass> => {
  const load = COMMANDS.get(id)
  if (!load) throw new Error(`unknown command ${id}`)
  const command = (await load()).default
  command.id = id
  return command
}
