import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'

/** Of the bundle: set when it is built. */
declare const BUILD: string

/** What V8 compiled in a run. */
export interface Compiled {
  /** By the files' names. */
  readonly files: ReadonlyMap<string, Buffer>
  /** The run has waited: what only comes after that is compiled, too. */
  readonly waited: boolean
}

const PREFIX = `${BUILD}-${process.version}-${process.arch}-`

/** Beside the bundle, or where that cannot be written among the user's own files. */
const directories = (dist: string, { XDG_CACHE_HOME, HOME }: NodeJS.ProcessEnv): string[] => {
  const own = XDG_CACHE_HOME || (HOME && `${HOME}/.cache`)
  return [`${dist}/cache`, ...(own?.startsWith('/') ? [`${own}/rendezvous`] : [])]
}

/** What differs in what is compiled: the command, and the kind of store. */
export const topicOf = ([, , word = '']: readonly string[], env: NodeJS.ProcessEnv): string => {
  const scheme = /^[a-z]+(?=:)/.exec(env.RDV_BACKEND ?? '')?.[0]
  return /^[a-z]{1,20}$/.test(word) ? [word, scheme ?? 'sqlite'].join('-') : 'other'
}

/**
 * V8's compiled form of the program. It is code, so it is taken only from where nobody but root and this user can
 * write. V8 compares its own version and flags, but not the contents, which are kept twice to tell damage.
 */
export const readCodeCache = (
  dist: string,
  topic: string,
  env: NodeJS.ProcessEnv,
): Compiled | undefined => {
  for (const directory of directories(dist, env)) {
    try {
      if (!isOurs(directory)) continue
      const twice = readFileSync(`${directory}/${PREFIX}${topic}`)
      const half = twice.length / 2
      const once = twice.subarray(0, half)
      if (half > 0 && once.equals(twice.subarray(half))) return unpack(once)
    } catch {
      // There is none.
    }
  }
  return undefined
}

/** Never fails, and makes nothing where it cannot be kept. Put in place at once: of two processes that do this one wins. */
export const writeCodeCache = (
  dist: string,
  topic: string,
  env: NodeJS.ProcessEnv,
  make: () => Compiled,
): void => {
  for (const directory of directories(dist, env)) {
    try {
      mkdirSync(directory, { recursive: true, mode: 0o755 })
      if (!isOurs(directory)) continue
      const file = `${directory}/${PREFIX}${topic}`
      const beside = `${file}.${process.pid}`
      const place = openSync(beside, 'wx', 0o644)
      const code = pack(make())
      writeFileSync(place, Buffer.concat([code, code]))
      closeSync(place)
      renameSync(beside, file)
      removeOthers(directory)
      return
    } catch {
      // Not here: it is only about speed.
    }
  }
}

/** A line that tells of the run, and the files' names and lengths, then their code. */
const pack = ({ files, waited }: Compiled): Buffer => {
  const lengths = [...files].map(([name, { length }]) => [name, length] as const)
  const header: Header = { waited, lengths }
  return Buffer.concat([Buffer.from(`${JSON.stringify(header)}\n`), ...files.values()])
}

interface Header {
  readonly waited: boolean
  readonly lengths: readonly (readonly [name: string, length: number])[]
}

const unpack = (packed: Buffer): Compiled => {
  const files = new Map<string, Buffer>()
  let at = packed.indexOf('\n') + 1
  const { waited, lengths } = JSON.parse(packed.toString('latin1', 0, at)) as Header
  for (const [name, length] of lengths) {
    files.set(name, packed.subarray(at, at + length))
    at += length
  }
  return { files, waited }
}

/** Those of other builds. */
const removeOthers = (directory: string): void => {
  for (const name of readdirSync(directory)) {
    if (!name.startsWith(`${BUILD}-`)) rmSync(`${directory}/${name}`, { force: true })
  }
}

const isOurs = (directory: string): boolean => {
  const { uid, mode } = statSync(directory)
  return (uid === 0 || uid === process.getuid?.()) && (mode & 0o022) === 0
}
