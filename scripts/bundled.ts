import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { BuildResult } from 'esbuild'

/** The source files of which at least a part is in the output. */
export const sourcesOf = ({ metafile }: BuildResult): string[] =>
  Object.values(metafile?.outputs ?? {}).flatMap(({ inputs }) =>
    Object.entries(inputs).flatMap(([file, { bytesInOutput }]) => (bytesInOutput ? [file] : [])),
  )

/** The names of the packages to which the files belong. */
const packagesOf = (files: readonly string[]): string[] => {
  const names = files.map((file) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1])
  return [...new Set(names.filter((name) => name !== undefined))].sort()
}

/** Writes the names of the bundled packages for the bill of materials, because package.json does not tell them. */
export const writeBundled = async (folder: string, files: readonly string[]): Promise<void> => {
  const text = JSON.stringify(packagesOf(files), undefined, 2)
  await writeFile(join(folder, 'bundled.json'), `${text}\n`)
}
