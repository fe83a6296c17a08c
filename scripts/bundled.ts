import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { BuildResult } from 'esbuild'

/** The files of which something went into what was built. */
export const sourcesOf = ({ metafile }: BuildResult): string[] =>
  Object.values(metafile?.outputs ?? {}).flatMap(({ inputs }) =>
    Object.entries(inputs).flatMap(([file, { bytesInOutput }]) => (bytesInOutput ? [file] : [])),
  )

/** The names of the packages that the files are of. */
const packagesOf = (files: readonly string[]): string[] => {
  const names = files.map((file) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1])
  return [...new Set(names.filter((name) => name !== undefined))].sort()
}

/** Keeps the names for the bill of materials: what is bundled cannot be seen in package.json any more. */
export const writeBundled = async (folder: string, files: readonly string[]): Promise<void> => {
  const text = JSON.stringify(packagesOf(files), undefined, 2)
  await writeFile(join(folder, 'bundled.json'), `${text}\n`)
}
