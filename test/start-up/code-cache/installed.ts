import { cpSync, mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryFolder } from '../../services/watchdog.ts'

const checkout = join(import.meta.dirname, '../../..')

/** A copy of the package as after its installation, before its first use. */
export const install = (): string => {
  const root = temporaryFolder('installed')
  mkdirSync(join(root, 'dist'))
  for (const name of [
    'bin',
    'package.json',
    'oclif.manifest.json',
    'dist/load.cjs',
    'dist/keep.cjs',
    'dist/program',
  ])
    cpSync(join(checkout, name), join(root, name), { recursive: true })
  symlinkSync(join(checkout, 'dist/vendor'), join(root, 'dist/vendor'))
  return root
}
