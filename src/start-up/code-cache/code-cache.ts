import { directories, isOurs } from './directories.ts'

const { openSync, readSync } = process.getBuiltinModule('node:fs')

/** Hash of the bundle, which the build defines. */
declare const BUILD: string

/** The beginning of a cache file: JSON, padded with blanks. */
export interface Header {
  /** Whether the run has waited, so that the code that follows a wait is compiled, too. */
  readonly waited: boolean
  /** Offset and length of the code of each program file, by file name. The code is stored twice, to detect damage. */
  readonly parts: Readonly<Record<string, readonly [at: number, length: number]>>
}

/** A cache file. It stays open until the process ends, and its parts are read when they are needed. */
export interface CodeCache extends Header {
  readonly file: number
}

/** Bytes. A table of all files takes half of it. */
export const HEADER_LENGTH = 4_096

/** Prefix of the names of this build's cache files. */
export const OURS = `${BUILD}-`

/** The name of the cache file for a command and a kind of store, which determine the code that is compiled. */
export const nameOf = (
  [, , word]: readonly string[],
  { RDV_BACKEND }: NodeJS.ProcessEnv,
): string => {
  const known = /^[a-z]{1,20}-[a-z]{1,20}(?=:)/.exec(`${word}-${RDV_BACKEND || 'sqlite:'}`)
  return `${OURS}${process.version}-${process.arch}-${known?.[0] ?? 'other'}`
}

/**
 * Opens the cache file, if there is one. The cache is code, so it is read only from a folder that no one but root and this user
 * can write to. V8 checks its own version and flags, but not the contents.
 */
export const openCache = (
  dist: string,
  name: string,
  env: NodeJS.ProcessEnv,
): CodeCache | undefined => {
  for (const directory of directories(dist, env)) {
    try {
      if (!isOurs(directory)) continue
      const file = openSync(`${directory}/${name}`, 'r')
      const header = Buffer.allocUnsafe(HEADER_LENGTH)
      return { ...JSON.parse(header.toString('latin1', 0, readSync(file, header))), file }
    } catch {
      // There is no cache file here.
    }
  }
  return undefined
}

/** Reads the compiled code of a program file. Returns `undefined` if it is missing or damaged. */
export const codeOf = ({ file, parts }: CodeCache, name: string): Buffer | undefined => {
  try {
    const [at = 0, length = 0] = parts[name] ?? []
    const code = Buffer.allocUnsafeSlow(length)
    // Reading into memory that was used before takes a tenth of the time of reading into fresh memory.
    const piece = Buffer.allocUnsafeSlow(PIECE)
    let same = readSync(file, code, 0, length, at) - length
    while (same >= 0 && same < length) {
      const read = readSync(file, piece, 0, Math.min(PIECE, length - same), at + length + same)
      const differs = read === 0 || code.compare(piece, 0, read, same, same + read) !== 0
      same = differs ? -1 : same + read
    }
    return length > 0 && same === length ? code : undefined
  } catch {
    return undefined
  }
}

const PIECE = 32_768
