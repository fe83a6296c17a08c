import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { BuildResult } from 'esbuild'

/** The names of the packages of whose files something went into the bundles. */
const namesIn = (results: readonly BuildResult[]): string[] => {
  const files = results.flatMap(({ metafile }) =>
    Object.values(metafile?.outputs ?? {}).flatMap(({ inputs }) =>
      Object.entries(inputs).flatMap(([file, { bytesInOutput }]) => (bytesInOutput ? [file] : [])),
    ),
  )
  const names = files.map((file) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1])
  return [...new Set(names.filter((name) => name !== undefined))].sort()
}

/** Keeps the names for the bill of materials: what is bundled cannot be seen in package.json any more. */
export const writeBundled = async (
  folder: string,
  results: readonly BuildResult[],
): Promise<void> => {
  const text = JSON.stringify(namesIn(results), undefined, 2)
  await writeFile(join(folder, 'bundled.json'), `${text}\n`)
}
