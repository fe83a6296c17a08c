import { placementOfCommand } from './terminal.ts'

/** Signals that this process has received and that wait for whoever is to act upon them. */
export interface CaughtSignals {
  /**
   * From now on `receiver` gets every signal, first those which nobody has been given yet. Without a receiver
   * they are kept for the next one.
   */
  handTo(receiver?: (signal: NodeJS.Signals) => void): void
  /** Gives the signals their default effects again. */
  release(): void
}

// All that can be caught and that mean something to a program, but SIGCHLD, SIGPIPE and SIGXFSZ, which tell of
// our own doings, the faults, and SIGTTIN and SIGTTOU, which must stop us. A handler for SIGUSR1 also keeps
// Node from opening its inspector.
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

/** Sent by the terminal to its whole foreground group, hence to COMMAND as well. */
export const FROM_TERMINAL: ReadonlySet<NodeJS.Signals> = new Set([
  'SIGINT',
  'SIGQUIT',
  'SIGTSTP',
  'SIGWINCH',
])

const LEFT_ALONE: ReadonlySet<NodeJS.Signals> = new Set(['SIGTSTP', 'SIGWINCH'])

/**
 * Catches every signal that a supervised COMMAND may be sent. Called before a long wait, it loses none of those
 * that arrive between the wait and the start of COMMAND.
 *
 * @param terminal COMMAND will share our process group: the terminal's stop key must then stop us too, and
 * a change of its size is none of our business
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
