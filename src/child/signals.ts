import { placementOfCommand } from './terminal.ts'

/** The signals that this process has received and not yet handed to a receiver. */
export interface CaughtSignals {
  /**
   * Hands every signal to `receiver` from now on, beginning with the signals that were kept. Without a receiver,
   * signals are kept for the next one.
   */
  handTo(receiver?: (signal: NodeJS.Signals) => void): void
  /** Gives the signals their default effects again. */
  release(): void
}

// All signals that can be caught and that have a meaning for a program. Excluded are SIGCHLD, SIGPIPE and SIGXFSZ,
// which report events of this process, the faults, and SIGTTIN and SIGTTOU, which must stop this process. A handler for
// SIGUSR1 also keeps Node from opening its inspector.
const FORWARDED: readonly NodeJS.Signals[] = [
  'SIGHUP',
  'SIGINT',
  'SIGQUIT',
  'SIGTERM',
  'SIGUSR1',
  'SIGUSR2',
  'SIGALRM',
  'SIGVTALRM',
  'SIGXCPU',
  'SIGPWR',
  'SIGIO',
  'SIGURG',
  'SIGWINCH',
  'SIGCONT',
  'SIGTSTP',
]

/** The terminal sends these signals to its whole foreground group, and so also to COMMAND. */
export const FROM_TERMINAL: ReadonlySet<NodeJS.Signals> = new Set([
  'SIGINT',
  'SIGQUIT',
  'SIGTSTP',
  'SIGWINCH',
])

const LEFT_ALONE: ReadonlySet<NodeJS.Signals> = new Set(['SIGTSTP', 'SIGWINCH'])

/**
 * Catches every signal that a supervised COMMAND may be sent. If it is called before a long wait, it also keeps the
 * signals that arrive between the wait and the start of COMMAND.
 *
 * @param terminal COMMAND will share the process group of this process. The terminal's stop key must then stop this
 * process, too, and a change of the terminal's size does not concern it.
 */
export function catchSignals(terminal = placementOfCommand() !== 'apart'): CaughtSignals {
  const kept: NodeJS.Signals[] = []
  const keep = (signal: NodeJS.Signals): void => void kept.push(signal)
  let receive = keep
  const listener = (signal: NodeJS.Signals): void => receive(signal)
  const names = FORWARDED.filter((name) => !(terminal && LEFT_ALONE.has(name)))
  for (const name of names) process.on(name, listener)
  return {
    handTo(receiver = keep) {
      receive = receiver
      for (const signal of kept.splice(0)) receiver(signal)
    },
    release() {
      for (const name of names) process.off(name, listener)
    },
  }
}
