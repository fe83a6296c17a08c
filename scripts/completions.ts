import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { completionScript } from '../src/completion/completion.ts'

/** As the shells' own folders of completions have them. */
const FILES = { bash: 'rdv.bash', zsh: '_rdv', fish: 'rdv.fish' } as const

/** Writes the shells' completion scripts to `completion/` in a folder. */
export const writeCompletions = async (folder: string): Promise<void> => {
  await mkdir(join(folder, 'completion'), { recursive: true })
  for (const [shell, file] of Object.entries(FILES) as [keyof typeof FILES, string][])
    await writeFile(
      join(folder, 'completion', file),
      `${(await completionScript(shell)).trimEnd()}\n`,
    )
}
