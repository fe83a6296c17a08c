import { globSync, mkdirSync, mkdtempSync, renameSync, rmSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { openSuite, type Suite } from './debian.ts'
import { linkLibraries, missingLibraries } from './libraries.ts'
import { acceptable, installed, named } from './locate.ts'
import {
  catalogue,
  type Program,
  type ProgramEntry,
  type ProgramName,
  programNames,
} from './programs.ts'

const store = join(import.meta.dirname, '../../.services')

/** Programs by name, as the set-up has found them and passed to the test processes. */
type Programs = Readonly<Record<ProgramName, Program>>

const variable = 'RDV_TEST_PROGRAMS'

/** The programs of a package, including initdb of postgres. Their libraries must be present. */
const executables = (entry: ProgramEntry, folder: string): string[] => {
  const found = globSync(join(folder, 'root', entry.inPackage))
    .sort()
    .reverse()
  return found.flatMap((path) => [path, ...globSync(join(dirname(path), 'initdb'))])
}

const fetched = (entry: ProgramEntry, folder: string): Program | undefined => {
  const [path] = executables(entry, folder)
  if (path === undefined) return undefined
  return acceptable(entry, path, { folder, libraries: join(folder, 'libraries') })
}

const addLibraries = (
  entry: ProgramEntry,
  suite: Suite,
  packages: readonly string[],
  folder: string,
): void => {
  const libraries = join(folder, 'libraries')
  const root = join(folder, 'root')
  const programs = executables(entry, folder)
  if (programs.every((path) => missingLibraries(path, libraries).length === 0)) return
  suite.unpack(suite.libraryPackages(packages), root)
  for (const path of programs) linkLibraries(path, root, libraries)
}

/** Opens each suite once. A suite that cannot be opened is not tried again. */
const suites = (folder: string): ((name: string) => Suite) => {
  const opened = new Map<string, Suite | Error>()
  return (name) => {
    if (!opened.has(name))
      opened.set(
        name,
        attempt(() => openSuite(folder, name)),
      )
    const suite = opened.get(name)
    if (suite === undefined || suite instanceof Error) throw suite
    return suite
  }
}

const attempt = <T>(action: () => T): T | Error => {
  try {
    return action()
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error))
  }
}

/**
 * Renames the folder `made`, which was filled elsewhere, to its final name. A fetched program is therefore complete or
 * absent, and two runs may fetch at the same time.
 */
const publish = (entry: ProgramEntry, made: string, folder: string): void => {
  try {
    renameSync(made, folder)
  } catch {
    // another run was first, or there is a folder with an unusable version
    if (fetched(entry, folder)) return
    rmSync(folder, { recursive: true, force: true })
    renameSync(made, folder)
  }
}

const fetchProgram = (
  name: ProgramName,
  suite: (name: string) => Suite,
  work: string,
): Program | Error => {
  const entry: ProgramEntry = catalogue[name]
  const failures: string[] = []
  for (const source of entry.sources) {
    const made = join(work, `${name}-${source.suite}`)
    const result = attempt(() => {
      const from = suite(source.suite)
      from.unpack(source.packages, join(made, 'root'))
      addLibraries(entry, from, source.packages, made)
      if (!fetched(entry, made)) throw new Error('its version will not do, or it does not start')
      publish(entry, made, join(store, name))
    })
    const program = fetched(entry, join(store, name))
    if (program) return program
    failures.push(`${source.suite}: ${result instanceof Error ? result.message : 'not usable'}`)
  }
  return new Error(failures.join('\n'))
}

const anHour = 3_600_000

const removeLeftovers = (): void => {
  for (const folder of globSync(join(store, '.fetch-*'))) {
    const since = statSync(folder, { throwIfNoEntry: false })?.mtimeMs ?? 0
    if (Date.now() - since > anHour) rmSync(folder, { recursive: true, force: true })
  }
}

const withWorkFolder = <T>(action: (folder: string) => T): T => {
  mkdirSync(store, { recursive: true })
  removeLeftovers()
  const folder = mkdtempSync(join(store, '.fetch-'))
  try {
    return action(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const present = (name: ProgramName): Program | undefined => {
  const entry: ProgramEntry = catalogue[name]
  return named(entry) ?? installed(entry) ?? fetched(entry, join(store, name))
}

const howToGive = (name: ProgramName): string => {
  const entry: ProgramEntry = catalogue[name]
  const packages = entry.sources.map((source) => `${source.packages.join(' ')} of ${source.suite}`)
  const range = `${entry.from.join('.')} or later, below ${entry.below.join('.')}`
  return `  ${name}: ${entry.executable} ${range}: set ${entry.variable}, put it on PATH, or install the Debian package ${packages.join(' or ')}`
}

const missing = (failures: ReadonlyMap<ProgramName, Error>): Error => {
  const lines = [...failures.keys()].map(howToGive)
  const reasons = [...failures].map(([name, error]) => `--- ${name}\n${error.message.trim()}`)
  const heading = `the tests need these server programs, and fetching them with apt-get failed:`
  return new Error([heading, ...lines, 'apt said:', ...reasons].join('\n'))
}

const fetchAll = (names: readonly ProgramName[]): Map<ProgramName, Program> =>
  withWorkFolder((folder) => {
    const suite = suites(folder)
    const results = names.map((name) => [name, fetchProgram(name, suite, folder)] as const)
    const failed = results.flatMap(([name, result]) =>
      result instanceof Error ? [[name, result] as const] : [],
    )
    if (failed.length > 0) throw missing(new Map(failed))
    return new Map(results as (readonly [ProgramName, Program])[])
  })

const find = (names: readonly ProgramName[]): Map<ProgramName, Program> => {
  const here = new Map(
    names.flatMap((name) => {
      const program = present(name)
      return program ? [[name, program] as const] : []
    }),
  )
  const absent = names.filter((name) => !here.has(name))
  return absent.length === 0 ? here : new Map([...here, ...fetchAll(absent)])
}

/**
 * Finds every server program, in this order: its environment variable, PATH, the program that an earlier run fetched,
 * the machine's Debian mirror. Passes the result to child processes through the environment.
 *
 * @throws Error that lists each missing program, and how to provide it
 */
export const provideAllPrograms = (): void => {
  process.env[variable] = JSON.stringify(Object.fromEntries(find(programNames)))
}

/** One program as the set-up of the test run has found it. Outside a test run, it is looked for now. */
export const findProgram = (name: ProgramName): Program => {
  const provided = process.env[variable]
  if (provided) return (JSON.parse(provided) as Programs)[name]
  const program = find([name]).get(name)
  if (!program) throw missing(new Map([[name, new Error('not found')]]))
  return program
}
