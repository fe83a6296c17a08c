import { spawnSync } from 'node:child_process'
import { globSync, mkdirSync, symlinkSync } from 'node:fs'
import { basename, join, relative } from 'node:path'

/** The shared libraries that `program` needs, and that neither the machine nor the folder `libraries` has. */
export const missingLibraries = (program: string, libraries: string): string[] => {
  const { stdout } = spawnSync('ldd', [program], {
    encoding: 'utf8',
    env: { PATH: process.env.PATH, LD_LIBRARY_PATH: libraries },
  })
  // ldd names a library once for each file that needs it
  const names = [...stdout.matchAll(/^\s*(\S+) => not found/gm)].map((found) => found[1] ?? '')
  return [...new Set(names)]
}

/**
 * Links only the libraries that `program` lacks into the folder `libraries`, so that the machine's own libraries stay
 * in use. The links are relative, so that the folder can be moved.
 */
export const linkLibraries = (program: string, root: string, libraries: string): void => {
  mkdirSync(libraries, { recursive: true })
  // private parts of a library are in a folder of its own; of two files with the same name, the public one is used
  const unpacked = new Map(
    ['*/', ''].flatMap((folder) =>
      globSync(join(root, `{usr/,}lib/*-linux-gnu*/${folder}*.so*`)).map(
        (path) => [basename(path), path] as const,
      ),
    ),
  )
  for (;;) {
    const found = missingLibraries(program, libraries).flatMap((name) => unpacked.get(name) ?? [])
    if (found.length === 0) return
    for (const path of found) {
      symlinkSync(relative(libraries, path), join(libraries, basename(path)))
    }
  }
}
