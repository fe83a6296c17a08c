import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { completionScript } from '../src/completion/completion.ts'
import { SHELLS } from '../src/completion/shells.ts'

/** The names that the files must have in the shells' folders of completions. */
const FILES = { bash: 'rdv.bash', zsh: '_rdv', fish: 'rdv.fish' }

/** Writes the completion script of each shell to `completion/` in a folder. */
export const writeCompletions = async (folder: string): Promise<void> => {
  await mkdir(join(folder, 'completion'), { recursive: true })
  for (const shell of SHELLS) {
    const script = await completionScript(shell)
    await writeFile(join(folder, 'completion', FILES[shell]), `${script.trimEnd()}\n`)
  }
}
