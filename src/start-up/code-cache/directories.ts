const { readdirSync, statSync } = process.getBuiltinModule('node:fs')

/**
 * Where V8's compiled form of the program can be, in the order in which it is looked for: among the user's own files, and
 * beside the bundle. What the first one has is there because the second one could not be written.
 */
export const directories = (
  dist: string,
  { XDG_CACHE_HOME, HOME }: NodeJS.ProcessEnv,
): string[] => {
  const own = XDG_CACHE_HOME || (HOME && `${HOME}/.cache`)
  return [...(own?.startsWith('/') ? [`${own}/rendezvous`] : []), `${dist}/cache`]
}

/** Nobody but root and this user can write there. */
export const isOurs = (directory: string): boolean => {
  const { uid = -1, mode = 0 } = statSync(directory, { throwIfNoEntry: false }) ?? {}
  return (uid === 0 || uid === process.getuid?.()) && (mode & 0o022) === 0
}

/** Where some of this Node's is kept for whoever runs the program, if anywhere. */
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
