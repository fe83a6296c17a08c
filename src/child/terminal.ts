import { closeSync, constants, openSync } from 'node:fs'
import { isatty } from 'node:tty'
import { fieldsOf } from '../base/processes.ts'

/**
 * Where COMMAND stands. It stays in our process group if it may need our terminal: a group of its own would have to be a
 * session of its own, which has no terminal (ssh and sudo could not ask for a password).
 *
 *     foreground   stdin is a terminal
 *     terminal     stdin is something else, but there is a terminal, /dev/tty
 *     apart        there is none: COMMAND leads a group of its own
 */
export type Placement = 'foreground' | 'terminal' | 'apart'

let placement: Placement | undefined

export const placementOfCommand = (): Placement => {
  placement ??= isatty(0) ? 'foreground' : hasTerminal() ? 'terminal' : 'apart'
  return placement
}

/** Whether a key of the terminal reaches our process group. Where that is not known it does. */
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
