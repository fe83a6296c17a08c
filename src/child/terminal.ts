import { closeSync, constants, openSync } from 'node:fs'
import { isatty } from 'node:tty'
import { fieldsOf } from '../base/processes.ts'

/**
 * Where COMMAND runs. It stays in the process group of this process if it may need the terminal. A group of its own
 * would need a session of its own, which has no terminal (ssh and sudo could not ask for a password).
 *
 *     foreground   stdin is a terminal
 *     terminal     stdin is something else, but there is a terminal, /dev/tty
 *     apart        there is no terminal: COMMAND leads a group of its own
 */
export type Placement = 'foreground' | 'terminal' | 'apart'

let placement: Placement | undefined

export const placementOfCommand = (): Placement => {
  placement ??= isatty(0) ? 'foreground' : hasTerminal() ? 'terminal' : 'apart'
  return placement
}

/** Whether a key of the terminal reaches this process group; `true` where that is unknown. */
export const inForeground = (): boolean => {
  const { group, foreground } = terminalOf() ?? {}
  return group === foreground
}

const hasTerminal = (): boolean => {
  const known = terminalOf()
  if (known) return known.device !== '0'
  try {
    closeSync(openSync('/dev/tty', constants.O_RDWR | constants.O_NOCTTY))
    return true
  } catch {
    return false
  }
}

const terminalOf = () => {
  const [, , group, , device, foreground] = fieldsOf('self')
  return device === undefined ? undefined : { group, device, foreground }
}
