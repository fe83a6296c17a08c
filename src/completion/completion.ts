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

/** The script with which a shell completes our commands. It is static: it runs nothing of ours. */
export const completionScript = async (shell: Shell): Promise<string> =>
  SCRIPTS[shell](await vocabulary())
