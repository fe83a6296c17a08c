import type { RdvCommand } from '../cli/base-command.ts'

/** A command that can be run. */
export type CommandClass = typeof RdvCommand & (new (argv: string[]) => RdvCommand)

type CommandModule = { readonly default: CommandClass }

/** Every command by its id: `counter:inc` is typed as `counter inc`. A command is loaded when it is run. */
export const COMMANDS: ReadonlyMap<string, () => Promise<CommandModule>> = new Map<
  string,
  () => Promise<CommandModule>
>([
  ['barrier', () => import('./barrier.ts')],
  ['clear', () => import('./clear.ts')],
  ['completion', () => import('./completion.ts')],
  ['counter:dec', () => import('./counter/dec.ts')],
  ['counter:get', () => import('./counter/get.ts')],
  ['counter:inc', () => import('./counter/inc.ts')],
  ['counter:set', () => import('./counter/set.ts')],
  ['counter:wait', () => import('./counter/wait.ts')],
  ['doctor', () => import('./doctor.ts')],
  ['elect', () => import('./elect.ts')],
  ['get', () => import('./get.ts')],
  ['id', () => import('./id.ts')],
  ['leader', () => import('./leader.ts')],
  ['list', () => import('./list.ts')],
  ['lock', () => import('./lock.ts')],
  ['once', () => import('./once.ts')],
  ['pipe:receive', () => import('./pipe/receive.ts')],
  ['pipe:send', () => import('./pipe/send.ts')],
  ['precompile', () => import('./precompile.ts')],
  ['probe', () => import('./probe.ts')],
  ['publish', () => import('./publish.ts')],
  ['serve', () => import('./serve.ts')],
  ['signal', () => import('./signal.ts')],
  ['status', () => import('./status.ts')],
  ['subscribe', () => import('./subscribe.ts')],
  ['wait', () => import('./wait.ts')],
  ['waitgroup:add', () => import('./waitgroup/add.ts')],
  ['waitgroup:done', () => import('./waitgroup/done.ts')],
  ['waitgroup:wait', () => import('./waitgroup/wait.ts')],
])
