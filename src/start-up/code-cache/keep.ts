import { closeSync, openSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import type { Script } from 'node:vm'
import { makeDirectory } from '../../base/make-directory.ts'
import { type CodeCache, codeOf, HEADER_LENGTH, type Header, OURS } from './code-cache.ts'
import { directories, isOurs } from './directories.ts'

// This file is separate because most runs write no cache.

/** The state of the loader at the end of a run. */
export interface Run {
  readonly known: CodeCache | undefined
  /** The scripts by file name. At the end of a run they contain the code of all functions that were called. */
  readonly scripts: ReadonlyMap<string, Script>
  readonly waited: boolean
}

/** Writes the cache beside the bundle, or among the user's files if that folder cannot be written. Ignores failures. */
export const writeCodeCache = (
  dist: string,
  name: string,
  env: NodeJS.ProcessEnv,
  run: Run,
): void => {
  const places = directories(dist, env).reverse()
  const place = places.find((directory) => put(directory, name, run))
  if (place === undefined) return
  removeOthers(place)
  // A file in an earlier folder would be found first.
  for (const other of places.slice(places.indexOf(place) + 1)) {
    rmSync(`${other}/${name}`, { force: true })
  }
}

/** Writes the file and renames it: of two processes that do this, one wins. Returns whether it succeeded. */
const put = (directory: string, name: string, run: Run): boolean => {
  const file = `${directory}/${name}`
  const beside = `${file}.${process.pid}`
  let place: number | undefined
  try {
    makeDirectory(directory, 0o755)
    if (!isOurs(directory)) return false
    place = openSync(beside, 'wx', 0o644)
    writeFileSync(place, pack(run.waited, compiledIn(run)))
    closeSync(place)
    renameSync(beside, file)
    return true
  } catch {
    if (place !== undefined) rmSync(beside, { force: true })
    return false
  }
}

/** The compiled code of this run, and the known code of files that it did not load. */
const compiledIn = ({ known, scripts }: Run): Map<string, Buffer> => {
  const files = new Map<string, Buffer>()
  for (const name of Object.keys(known?.parts ?? {})) {
    const code = known && codeOf(known, name)
    if (code) files.set(name, code)
  }
  for (const [name, script] of scripts) files.set(name, script.createCachedData())
  return files
}

const pack = (waited: boolean, files: ReadonlyMap<string, Buffer>): Buffer => {
  const parts: Record<string, [number, number]> = {}
  let end = HEADER_LENGTH
  for (const [name, { length }] of files) {
    parts[name] = [end, length]
    end += 2 * length
  }
  const header: Header = { waited, parts }
  const text = JSON.stringify(header).padEnd(HEADER_LENGTH)
  if (text.length > HEADER_LENGTH) throw new RangeError('there are too many files for the header')
  return Buffer.concat([Buffer.from(text), ...[...files.values()].flatMap((code) => [code, code])])
}

/** Removes the cache files of other builds. */
const removeOthers = (directory: string): void => {
  for (const name of readdirSync(directory)) {
    if (!name.startsWith(OURS)) rmSync(`${directory}/${name}`, { force: true })
  }
}
