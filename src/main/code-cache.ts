import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs'

/** Of the bundle: set when it is built. */
declare const BUILD: string

/** What V8 compiled in a run. */
export interface Compiled {
  /** By the files' names. */
  readonly files: ReadonlyMap<string, Buffer>
  /** The run has waited: what only comes after that is compiled, too. */
  readonly waited: boolean
}

/** The first line of a file of the cache; the code of its files follows in their order, each where V8 need not copy it. */
export interface Header {
  readonly waited: boolean
  readonly lengths: readonly (readonly [name: string, length: number])[]
}

/** The length of a part with what fills it up, so that the next one begins where V8 reads it. */
export const aligned = (length: number): number => Math.ceil(length / 8) * 8

/** Beside the bundle, or where that cannot be written among the user's own files. */
export const directories = (
  dist: string,
  { XDG_CACHE_HOME, HOME }: NodeJS.ProcessEnv,
): string[] => {
  const own = XDG_CACHE_HOME || (HOME && `${HOME}/.cache`)
  return [`${dist}/cache`, ...(own?.startsWith('/') ? [`${own}/rendezvous`] : [])]
}

/** A file's name, by what differs in what is compiled: the command, and the kind of store. */
export const nameOf = (
  [, , word]: readonly string[],
  { RDV_BACKEND }: NodeJS.ProcessEnv,
): string => {
  const [scheme] = (RDV_BACKEND || 'sqlite').split(':', 1)
  const topic = `${word}-${scheme}`
  return PREFIX + (/^[a-z]{1,20}-[a-z]{1,20}$/.test(topic) ? topic : 'other')
}

/** What the names of this build's files begin with. */
export const OURS = `${BUILD}-`
const PREFIX = `${OURS}${process.version}-${process.arch}-`

/**
 * V8's compiled form of the program. It is code, so it is taken only from where nobody but root and this user can
 * write. V8 compares its own version and flags, but not the contents, which are kept twice to tell damage.
 */
export const readCodeCache = (
  dist: string,
  name: string,
  env: NodeJS.ProcessEnv,
): Compiled | undefined => {
  for (const directory of directories(dist, env)) {
    try {
      if (!isOurs(directory)) continue
      const once = readTwice(`${directory}/${name}`)
      if (once) return unpack(once)
    } catch {
      // There is none.
    }
  }
  return undefined
}

/** What a file holds twice; `undefined` where that differs. The second one is compared in pieces: fresh memory is slow. */
const readTwice = (path: string): Buffer | undefined => {
  const file = openSync(path, 'r')
  try {
    const once = Buffer.allocUnsafeSlow(fstatSync(file).size / 2)
    const length = readSync(file, once)
    const piece = Buffer.allocUnsafeSlow(PIECE)
    let same = 0
    while (same < length) {
      const read = readSync(file, piece)
      if (read === 0 || piece.compare(once, same, same + read, 0, read) !== 0) return undefined
      same += read
    }
    return length > 0 ? once : undefined
  } finally {
    closeSync(file)
  }
}

const PIECE = 65_536

const unpack = (packed: Buffer): Compiled => {
  const files = new Map<string, Buffer>()
  const end = packed.indexOf('\n') + 1
  const { waited, lengths } = JSON.parse(packed.toString('latin1', 0, end)) as Header
  let at = aligned(end)
  for (const [name, length] of lengths) {
    files.set(name, packed.subarray(at, at + length))
    at += aligned(length)
  }
  return { files, waited }
}

/** Nobody but root and this user can write there. */
export const isOurs = (directory: string): boolean => {
  const { uid, mode } = statSync(directory)
  return (uid === 0 || uid === process.getuid?.()) && (mode & 0o022) === 0
}
