import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { aligned, type Compiled, directories, type Header, isOurs, OURS } from './code-cache.ts'

// A file of its own: most runs keep nothing.

/** Never fails, and makes nothing where it cannot be kept. Put in place at once: of two processes that do this one wins. */
export const writeCodeCache = (
  dist: string,
  name: string,
  env: NodeJS.ProcessEnv,
  make: () => Compiled,
): void => {
  for (const directory of directories(dist, env)) {
    try {
      mkdirSync(directory, { recursive: true, mode: 0o755 })
      if (!isOurs(directory)) continue
      const file = `${directory}/${name}`
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

const pack = ({ files, waited }: Compiled): Buffer => {
  const lengths = [...files].map(([name, { length }]) => [name, length] as const)
  const header: Header = { waited, lengths }
  const parts = [Buffer.from(`${JSON.stringify(header)}\n`), ...files.values()]
  return Buffer.concat(
    parts.flatMap((part) => [part, Buffer.alloc(aligned(part.length) - part.length)]),
  )
}

/** Those of other builds. */
const removeOthers = (directory: string): void => {
  for (const name of readdirSync(directory)) {
    if (!name.startsWith(OURS)) rmSync(`${directory}/${name}`, { force: true })
  }
}
