import { readFileSync, realpathSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { unusable } from './failure.ts'

/** FUSE file systems that keep their files on this machine. */
const LOCAL = new Set(['fuseblk', 'fuse.fuse-overlayfs', 'fuse.gocryptfs', 'fuse.encfs'])

/** A line of /proc/self/mountinfo, as proc(5) describes it. */
interface Mount {
  /** `major:minor` */
  readonly device: string
  readonly point: string
  /** Such as `ext4` or `fuse.sshfs`. */
  readonly type: string
}

export const parseMounts = (text: string): Mount[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [, , device = '', , point = '', ...more] = line.split(' ')
      return { device, point: unescaped(point), type: more[more.indexOf('-') + 1] ?? '' }
    })

/** mountinfo writes blanks and some other characters as octal numbers. */
const unescaped = (text: string): string =>
  text.replace(/\\([0-7]{3})/g, (_, code) => String.fromCharCode(Number.parseInt(code, 8)))

/** Empty if the system does not provide the list. */
const mounts = (): Mount[] => {
  try {
    return parseMounts(readFileSync('/proc/self/mountinfo', 'utf8'))
  } catch {
    return []
  }
}

/**
 * Refuses a file on a file system that other machines may share, unless the mounts show that it is a local one.
 * @throws UnavailableError other machines may see the file, and their locks do not reach this one.
 */
export const refuseShared = (path: string, url: string, kind: string): void => {
  const type = kind === 'FUSE' ? typeOf(dirname(path), mounts()) : kind
  if (LOCAL.has(type)) return
  throw unusable(
    `${path} is on a file system that other machines may share (${type}): use a local directory, or, if only this machine uses it, write ${url}?network=yes`,
  )
}

/** The type of the file system that a directory is on, behind FUSE too. `FUSE` if the mounts do not show it. */
export const typeOf = (directory: string, all: readonly Mount[]): string => {
  const { dev } = statSync(directory)
  const device = `${major(dev)}:${minor(dev)}`
  return all.find((mount) => mount.device === device)?.type ?? 'FUSE'
}

/** Splits a device number as glibc does. */
const major = (dev: number): number => Number((BigInt(dev) >> 8n) & 0xfffn)
const minor = (dev: number): number =>
  Number((BigInt(dev) & 0xffn) | ((BigInt(dev) >> 12n) & 0xfff00n))

/** @throws UnavailableError the file is mounted without its directory, where its log has to be. */
export const refuseMountedFile = (path: string): void => {
  const file = resolved(path)
  if (!mounts().some(({ point }) => point === file)) return
  throw unusable(
    `${path} is mounted as a single file, but its log is a file beside it: mount the directory ${dirname(path)} instead`,
  )
}

/** The path behind symbolic links, which SQLite follows, too. */
const resolved = (path: string): string => {
  try {
    return realpathSync(path)
  } catch {
    return path
  }
}
