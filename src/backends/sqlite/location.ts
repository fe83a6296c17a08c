import { statfsSync, statSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { dirname, isAbsolute, join } from 'node:path'
import { makeDirectory } from '../../make-directory.ts'
import { codeOf, describeFailure } from '../../reason.ts'
import { unusable } from './failure.ts'

/** statfs(2)'s types of file systems whose locks and shared memory do not reach other machines, or lie. */
const NETWORK_FILE_SYSTEMS = new Map([
  [0x6969, 'NFS'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB'],
  [0x517b, 'SMB'],
  [0x00c36400, 'Ceph'],
  [0x5346414f, 'AFS'],
  [0x0bd00bd0, 'Lustre'],
  [0x47504653, 'GPFS'],
  [0x01161970, 'GFS2'],
  [0x7461636f, 'OCFS2'],
  [0x73757245, 'Coda'],
  [0x01021997, '9p'],
])

/**
 * Where the embedded store lies when no path is given: `$RDV_DATA_DIR`, else below the user's home as the password
 * database has it (cron and sudo change $HOME, not that), else below the temporary directory.
 */
export const defaultPath = (env: NodeJS.ProcessEnv): string =>
  join(env.RDV_DATA_DIR || homeDirectory() || temporaryDirectory(), 'rendezvous.db')

const homeDirectory = (): string | undefined => {
  try {
    const home = userInfo().homedir
    const usable = isAbsolute(home) && home !== '/' && statSync(home).isDirectory()
    return usable ? `${home}/.local/state/rendezvous` : undefined
  } catch {
    return undefined
  }
}

const temporaryDirectory = (): string => join(tmpdir(), temporaryName())

const temporaryName = (): string => `rendezvous-${process.getuid?.() ?? 0}`

/**
 * Makes the directory of the store's file, for its user alone.
 * @throws UnavailableError naming the path: it cannot be made, is somebody else's, or is on the network.
 */
export const prepareDirectory = (path: string): void => {
  const directory = dirname(path)
  const network = NETWORK_FILE_SYSTEMS.get(typeOf(directory))
  if (network)
    throw unusable(`${path} is on a network file system (${network}): choose a local directory`)
  refuseForeign(directory)
}

/** The type of the file system that the directory, made if need be, is on. */
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
    throw unusable(`the directory ${directory} cannot be made: ${whyNotMade(cause)}`, cause)
  }
}

const whyNotMade = (cause: unknown): string => {
  const code = codeOf(cause)
  if (code === 'EEXIST' || code === 'ENOTDIR') return 'a part of this path is not a directory'
  if (code === 'ENOENT') return 'its file system takes no new directories'
  return describeFailure(cause)
}

/** Below the shared temporary directory somebody else may have made the directory first. */
const refuseForeign = (directory: string): void => {
  if (!directory.endsWith(temporaryName()) || directory !== temporaryDirectory()) return
  const { uid, mode } = statSync(directory)
  if (uid !== process.getuid?.() || (mode & 0o077) !== 0) {
    throw unusable(`${directory} belongs to somebody else: set RDV_DATA_DIR`)
  }
}
