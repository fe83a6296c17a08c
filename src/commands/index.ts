import type { Command } from '@oclif/core'

type CommandModule = { readonly default: Command.Class }

/** Every command, by its id: `counter:inc` is typed `counter inc`. Each is loaded when it is run. */
export const COMMANDS: Readonly<Record<string, () => Promise<CommandModule>>> = {
  clear: () => import('./clear.ts'),
  doctor: () => import('./doctor.ts'),
  get: () => import('./get.ts'),
  list: () => import('./list.ts'),
  probe: () => import('./probe.ts'),
  serve: () => import('./serve.ts'),
  signal: () => import('./signal.ts'),
  wait: () => import('./wait.ts'),
}
