import { constants } from 'node:os'

/** Signals that cancel the start of a program. */
export const ENDING: ReadonlySet<NodeJS.Signals> = new Set([
  'SIGHUP',
  'SIGINT',
  'SIGQUIT',
  'SIGTERM',
])

/** The exit code of a program that a signal ended, as shells give it. */
export const exitCodeOf = (signal: NodeJS.Signals): number => 128 + (constants.signals[signal] ?? 0)
