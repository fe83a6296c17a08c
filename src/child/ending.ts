import { constants } from 'node:os'

/** Those after which a program that has not started yet need not start. */
export const ENDING: ReadonlySet<NodeJS.Signals> = new Set([
  'SIGHUP',
  'SIGINT',
  'SIGQUIT',
  'SIGTERM',
])

/** The exit code of a program that a signal ended, as shells give it. */
export const exitCodeOf = (signal: NodeJS.Signals): number => 128 + (constants.signals[signal] ?? 0)
