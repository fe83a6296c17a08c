import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { WITHOUT_CERTIFICATES } from './commands.ts'
import type { Command } from './measure.ts'

const PACKAGE = 'wait-on@9'

/** In the folder of the server programs that the tests fetch, so it is no dependency of this project. */
const folder = join(import.meta.dirname, '../.services', PACKAGE)
const file = join(folder, 'node_modules/wait-on/bin/wait-on')

/** npm's `wait-on` for an open port, run by this Node; `undefined` if it is not there and cannot be fetched. */
export const waitOn = (address: string, mayFetch: boolean): Command | undefined => {
  if (!existsSync(file) && mayFetch) fetchIt()
  const words = [process.execPath, file, `tcp:${address}`] as const
  return existsSync(file) ? { name: 'wait-on tcp:…', words, env: WITHOUT_CERTIFICATES } : undefined
}

const fetchIt = (): void => {
  const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']
  try {
    execFileSync('npm', ['install', '--prefix', folder, ...quiet, PACKAGE], { stdio: 'ignore' })
  } catch {
    // The caller reports that the program is missing.
  }
}

/** The usual substitute for `wait-on` in scripts. */
export const shellLoop = (address: string): Command => ({
  name: 'a loop of bash with /dev/tcp',
  words: [
    'bash',
    '-c',
    `until (exec 3<>/dev/tcp/${address.replace(':', '/')}); do sleep 0.1; done`,
  ],
})
