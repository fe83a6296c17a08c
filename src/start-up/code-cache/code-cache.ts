import { directories, isOurs } from './directories.ts'

const { openSync, readSync } = process.getBuiltinModule('node:fs')

/** Of the bundle: set when it is built. */
declare const BUILD: string

/** The first thing in a file of the cache: JSON, filled up with blanks. */
export interface Header {
  /** The run has waited: what only comes after that is compiled, too. */
  readonly waited: boolean
  /** By the names of the program's files: where the code of each begins. It is there twice, to tell damage. */
  readonly parts: Readonly<Record<string, readonly [at: number, length: number]>>
}

/** A file of the cache, open until the process ends: more of it is read when it is needed. */
export interface CodeCache extends Header {
  readonly file: number
}

/** Bytes: twice what a table of all files takes. */
export const HEADER_LENGTH = 4_096

/** What the names of this build's files begin with. */
export const OURS = `${BUILD}-`

/** A file's name, by what differs in what is compiled: the command, and the kind of store. */
export const nameOf = (
  [, , word]: readonly string[],
  { RDV_BACKEND }: NodeJS.ProcessEnv,
): string => {
  const known = /^[a-z]{1,20}-[a-z]{1,20}(?=:)/.exec(`${word}-${RDV_BACKEND || 'sqlite:'}`)
  return `${OURS}${process.version}-${process.arch}-${known?.[0] ?? 'other'}`
}

/**
 * V8's compiled form of the program. It is code, so it is taken only from where nobody but root and this user can
 * write. V8 compares its own version and flags, but not the contents.
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
      // There is none.
    }
  }
  return undefined
}

/** Of one of the program's files; `undefined` where there is none, or none that is sound. */
export const codeOf = ({ file, parts }: CodeCache, name: string): Buffer | undefined => {
  try {
    const [at = 0, length = 0] = parts[name] ?? []
    const code = Buffer.allocUnsafeSlow(length)
    // What is not read into fresh memory is read in a tenth of the time.
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
