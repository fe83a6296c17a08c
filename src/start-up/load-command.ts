import { COMMANDS, type CommandClass } from '../commands/index.ts'

/** The class of a command, by its id, loaded when it is needed. */
export const loadCommand = async (id: string): Promise<CommandClass> => {
  const load = COMMANDS.get(id)
  if (!load) throw new Error(`unknown command ${id}`)
  const command = (await load()).default
  command.id = id
  return command
}
