import { execFile } from 'node:child_process'
import { globSync, realpathSync } from 'node:fs'
import { basename } from 'node:path'
import { promisify } from 'node:util'
import { findProgram } from './fetch.ts'
import { programEnvironment } from './programs.ts'

const run = promisify(execFile)

/**
 * The real program. Debian's `psql` on PATH is a script that chooses among versions, and reads more than its
 * environment.
 */
const executable = (path: string): string => {
  if (basename(realpathSync(path)) !== 'pg_wrapper') return path
  return globSync('/usr/lib/postgresql/*/bin/psql').sort().at(-1) ?? path
}

/** Whether the real `psql` connects with this URL and only these variables. It never asks for a password. */
export const psqlConnects = async (
  url: string,
  variables: Readonly<Record<string, string>>,
): Promise<boolean> => {
  const program = findProgram('psql')
  const env = { ...programEnvironment(program), ...variables }
  const args = ['--no-password', '--no-psqlrc', '--tuples-only', '--no-align', url]
  try {
    const { stdout } = await run(executable(program.path), [...args, '--command', 'SELECT 1'], {
      env,
    })
    return stdout === '1\n'
  } catch {
    return false
  }
}
