import { UsageError } from '../base/errors.ts'

/** The shells for which there is a completion. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const

export type Shell = (typeof SHELLS)[number]

/** @throws UsageError the name is that of another shell; the message names the known ones. */
export const checkShell = (name: string): Shell => {
  const shell = SHELLS.find((one) => one === name)
  if (shell) return shell
  const known = SHELLS.join(', ')
  throw new UsageError(`there is no completion for ${JSON.stringify(name)}: choose one of ${known}`)
}
