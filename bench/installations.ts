import { existsSync } from 'node:fs'
import { cp, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { temporaryFolder } from '../test/services/watchdog.ts'
import { rdv, WITHOUT_CERTIFICATES } from './commands.ts'
import type { Command } from './measure.ts'

/** A way in which `rdv` can be on a machine. */
export interface Installation {
  readonly name: string
  command(url: string | undefined, words: readonly string[]): Command
}

const root = join(import.meta.dirname, '..')

/** The package as npm installs it. The cache of compiled code is filled by the first run. */
export const npm: Installation = { name: 'npm', command: rdv }

/**
 * A copy of the package that no user can give a cache of compiled code: a file takes the place of the cache's folder.
 */
export const provideUncached = async (): Promise<Installation> => {
  const folder = temporaryFolder('uncached')
  const kept = (path: string) => path !== join(root, 'dist/cache')
  for (const part of ['bin', 'dist', 'package.json', 'oclif.manifest.json']) {
    await cp(join(root, part), join(folder, part), { recursive: true, filter: kept })
  }
  await writeFile(join(folder, 'dist/cache'), '')
  const homeless = { HOME: '', XDG_CACHE_HOME: '' }
  return { name: 'npm, no cache', command: (url, words) => rdv(url, words, homeless, folder) }
}

/** The folders in which `npm run standalone` puts the executable. */
const FOLDERS = ['standalone', 'dist/standalone']

/** The executable for this machine that needs no Node, if it was built. */
export const findStandalone = (): Installation | undefined => {
  const name = `rdv-${process.platform}-${process.arch}`
  const file = FOLDERS.map((folder) => join(root, folder, name)).find(existsSync)
  return file === undefined ? undefined : { name: 'standalone', command: commandOf(file) }
}

const commandOf =
  (file: string): Installation['command'] =>
  (url, words) => ({
    name: `rdv ${words[0]}`,
    words: [file, ...words],
    env: { ...WITHOUT_CERTIFICATES, RDV_BACKEND: url ?? '' },
  })
