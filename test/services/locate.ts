import { spawnSync } from 'node:child_process'
import { globSync, statSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { type Program, type ProgramEntry, programEnvironment } from './programs.ts'

type Version = Program['version']

const versionOf = (
  entry: ProgramEntry,
  path: string,
  libraries: string | undefined,
): Version | undefined => {
  const { status, stdout, stderr } = spawnSync(path, entry.versionArguments, {
    encoding: 'utf8',
    env: programEnvironment({ libraries }),
  })
  // nginx prints its version on stderr; a program that does not start prints something else there
  const found = /(\d+)\.(\d+)/.exec(stdout || (status === 0 ? stderr : ''))
  return found === null ? undefined : [Number(found[1]), Number(found[2])]
}

const before = (one: Version, other: Version): boolean =>
  one[0] < other[0] || (one[0] === other[0] && one[1] < other[1])

const isFile = (path: string): boolean => {
  try {
    return statSync(path).isFile()
  } catch {
    return false // absent, or in a folder without permission
  }
}

/** The program at `path`, if it starts and prints a version. */
const startable = (
  entry: ProgramEntry,
  path: string,
  fetched?: Pick<Program, 'folder' | 'libraries'>,
): Program | undefined => {
  const version = isFile(path) ? versionOf(entry, path, fetched?.libraries) : undefined
  return version && { path, version, ...fetched }
}

/** The program at `path`, if it starts and its version is in the range. */
export const acceptable = (
  entry: ProgramEntry,
  path: string,
  fetched?: Pick<Program, 'folder' | 'libraries'>,
): Program | undefined => {
  const program = startable(entry, path, fetched)
  const fits =
    program && !before(program.version, entry.from) && before(program.version, entry.below)
  return fits ? program : undefined
}

/** The program that the entry's environment variable names, regardless of its version. */
export const named = (entry: ProgramEntry): Program | undefined => {
  const value = process.env[entry.variable]
  if (!value) return undefined
  const path = isFile(value) ? value : join(value, entry.executable)
  const program = startable(entry, path)
  if (!program) throw new Error(`${entry.variable}=${value}: no ${entry.executable} starts there`)
  return program
}

/** The program on PATH or in its usual folder, if its version is in the range. */
export const installed = (entry: ProgramEntry): Program | undefined => {
  const folders = (process.env.PATH ?? '').split(delimiter).filter(Boolean)
  const usual = entry.alsoIn === undefined ? [] : globSync(entry.alsoIn).sort().reverse()
  for (const folder of [...folders, ...usual]) {
    const program = acceptable(entry, join(folder, entry.executable))
    if (program) return program
  }
  return undefined
}
