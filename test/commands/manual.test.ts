import { execFile } from 'node:child_process'
import { globSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import manifest from '../../package.json' with { type: 'json' }
import { COMMANDS } from '../../src/commands/index.ts'
import { findProgram } from '../services/fetch.ts'
import { programEnvironment } from '../services/programs.ts'
import { Place } from './rdv.ts'

const root = join(import.meta.dirname, '../..')

/** groff's output for the page, and its warnings. */
const format = async (page: string): Promise<{ stdout: string; stderr: string }> => {
  const program = findProgram('groff')
  const env = { ...programEnvironment(program), ...placesOf(program.folder) }
  const words = ['-man', '-Tutf8', '-ww', '-P-cbou', page]
  return promisify(execFile)(program.path, words, { env, maxBuffer: 16 * 1024 * 1024 })
}

/** A fetched groff would look for its files in the folder of its installation. */
const placesOf = (folder: string | undefined): NodeJS.ProcessEnv => {
  const [share = ''] = globSync(join(folder ?? '/nowhere', 'root/usr/share/groff/[0-9]*'))
  if (!folder || !share) return {}
  const programs = join(folder, 'root/usr/bin')
  return {
    PATH: `${programs}:${process.env.PATH}`,
    GROFF_BIN_PATH: programs,
    GROFF_FONT_PATH: join(share, 'font'),
    GROFF_TMAC_PATH: join(share, 'tmac'),
  }
}

test('the manual page is right roff, and has every command with every flag', async () => {
  const { stdout, stderr } = await format(join(root, manifest.man))
  expect(stderr).toBe('')
  for (const [id, load] of COMMANDS) {
    expect(stdout).toContain(`rdv ${id.replace(':', ' ')}`)
    for (const flag of Object.keys((await load()).default.flags ?? {})) {
      expect(stdout).toContain(`--${flag}`)
    }
  }
  expect(stdout).toMatch(/^ +124 \(timeout\)$/m)
})

test('the manual page is in the package', async () => {
  const { stdout } = await new Place().sh(
    `cd '${root}' && npm pack --ignore-scripts --dry-run --json`,
  )
  const [{ files }] = JSON.parse(stdout) as [{ files: { path: string }[] }]
  const paths = files.map(({ path }) => path)
  expect(paths).toContain('dist/man/rdv.1')
  expect(paths).toContain('bin/rdv.cjs')
})
