import { bashCompletion } from './bash.ts'
import { fishCompletion } from './fish.ts'
import type { Shell } from './shells.ts'
import { type Vocabulary, vocabulary } from './vocabulary.ts'
import { zshCompletion } from './zsh.ts'

const SCRIPTS: Readonly<Record<Shell, (words: Vocabulary) => string>> = {
  bash: bashCompletion,
  zsh: zshCompletion,
  fish: fishCompletion,
}

/** The script with which a shell completes rdv's commands. It is static: a completion does not run rdv. */
export const completionScript = async (shell: Shell): Promise<string> =>
  SCRIPTS[shell](await vocabulary())
