import { realpathSync, statfsSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, isAbsolute, join } from 'node:path'
import { homeDirectory } from '../../base/home-directory.ts'
import { makeDirectory } from '../../base/make-directory.ts'
import { codeOf, describeFailure } from '../../base/reason.ts'
import { refused, unusable } from './failure.ts'

/**
 * statfs(2)'s types of file systems whose locks and shared memory do not reach other machines or cannot be trusted, and
 * of those that stand for other file systems.
 */
const SHARED_FILE_SYSTEMS = new Map([
  [0x6969, 'NFS'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB'],
  [0x517b, 'SMB'],
  [0x00c36400, 'Ceph'],
  [0x5346414f, 'AFS'],
  [0x6b414653, 'AFS'],
  [0x0bd00bd0, 'Lustre'],
  [0x47504653, 'GPFS'],
  [0x01161970, 'GFS2'],
  [0x7461636f, 'OCFS2'],
  [0x73757245, 'Coda'],
  [0x01021997, '9p'],
  [0x19830326, 'BeeGFS'],
  [0x20030528, 'OrangeFS'],
  [0xaad7aaea, 'PanFS'],
  [0xbeefdead, 'StorNext'],
  [0x786f4256, 'vboxsf'],
  [0xbacbacbc, 'vmhgfs'],
  [0x65735546, 'FUSE'],
])

/**
 * The path of the embedded store if none is given. Its directory is `$RDV_DATA_DIR`, else a directory below the user's
 * home according to the password database (cron and sudo change $HOME, but not that), else one below the temporary
 * directory.
 */
export const defaultPath = (env: NodeJS.ProcessEnv): string =>
  join(env.RDV_DATA_DIR || stateDirectory() || temporaryDirectory(), 'rendezvous.db')

const stateDirectory = (): string | undefined => {
  try {
    const home = homeDirectory()
    const usable = isAbsolute(home) && home !== '/' && statSync(home).isDirectory()
    return usable ? `${home}/.local/state/rendezvous` : undefined
  } catch {
    return undefined
  }
}

const temporaryDirectory = (): string => join(tmpdir(), temporaryName())

const temporaryName = (): string => `rendezvous-${process.getuid?.() ?? 0}`

/**
 * Creates the directory of the store's file, for its user alone. Returns the kind of its file system if other machines
 * may see the file system, too.
 * @throws UnavailableError naming the path: the directory cannot be created, or belongs to another user.
 */
export const prepareDirectory = (path: string): string | undefined => {
  const directory = dirname(path)
  const kind = SHARED_FILE_SYSTEMS.get(typeOf(directory))
  refuseForeign(directory)
  return kind
}

/** The path without symbolic links: SQLite puts the log beside the file itself. The same path if there is no file. */
export const realPath = (path: string): string => {
  try {
    return path === ':memory:' ? path : realpathSync.native(path)
  } catch {
    return path
  }
}

/** Whether the file may be mounted alone, because it is on another device than its directory. */
export const isElsewhere = (path: string): boolean => {
  const file = statSync(path, { throwIfNoEntry: false })
  return file !== undefined && file.dev !== statSync(dirname(path)).dev
}

/** The type of the file system of a directory, which is created if necessary. */
const typeOf = (directory: string): number => {
  try {
    return statfsSync(`${directory}/.`).type
  } catch {
    make(directory)
    return statfsSync(directory).type
  }
}

const make = (directory: string): void => {
  try {
    makeDirectory(directory, 0o700)
  } catch (cause) {
    throw refused(`the directory ${directory} cannot be created: ${whyNotMade(cause)}`, cause)
  }
}

const whyNotMade = (cause: unknown): string => {
  const code = codeOf(cause)
  if (code === 'EEXIST' || code === 'ENOTDIR') return 'a part of this path is not a directory'
  if (code === 'ENOENT') return 'its file system does not allow new directories'
  return describeFailure(cause)
}

/** Below the shared temporary directory, another user may have created the directory first. */
const refuseForeign = (directory: string): void => {
  if (!directory.endsWith(temporaryName()) || directory !== temporaryDirectory()) return
  const { uid, mode } = statSync(directory)
  if (uid !== process.getuid?.() || (mode & 0o077) !== 0) {
    throw unusable(
      `${directory} belongs to another user: set RDV_DATA_DIR to a directory of your own`,
    )
  }
}
