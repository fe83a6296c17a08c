const { readdirSync, statSync } = process.getBuiltinModule('node:fs')

/**
 * Folders of the cache, in the order of search: among the user's files, and beside the bundle. A cache is in the first one only
 * because the second one could not be written.
 */
export const directories = (
  dist: string,
  { XDG_CACHE_HOME, HOME }: NodeJS.ProcessEnv,
): string[] => {
  const own = XDG_CACHE_HOME || (HOME && `${HOME}/.cache`)
  return [...(own?.startsWith('/') ? [`${own}/rendezvous`] : []), `${dist}/cache`]
}

/** Whether only root and this user can write to the folder. */
export const isOurs = (directory: string): boolean => {
  const { uid = -1, mode = 0 } = statSync(directory, { throwIfNoEntry: false }) ?? {}
  return (uid === 0 || uid === process.getuid?.()) && (mode & 0o022) === 0
}

/** The folder that contains code of this version of Node, if any. */
export const keptIn = (dist: string, env: NodeJS.ProcessEnv): string | undefined =>
  directories(dist, env).reverse().find(hasSome)

const hasSome = (directory: string): boolean => {
  const ofThisNode = `-${process.version}-${process.arch}-`
  try {
    return isOurs(directory) && readdirSync(directory).some((name) => name.includes(ofThisNode))
  } catch {
    return false
  }
}
