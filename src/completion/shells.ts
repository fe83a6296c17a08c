import { UsageError } from '../base/errors.ts'

/** Those for which there is a completion. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const

export type Shell = (typeof SHELLS)[number]

/** @throws UsageError for any other, naming these. */
export const checkShell = (name: string): Shell => {
  const shell = SHELLS.find((one) => one === name)
  if (shell) return shell
  const known = SHELLS.join(', ')
  throw new UsageError(`there is no completion for ${JSON.stringify(name)}: choose one of ${known}`)
}
