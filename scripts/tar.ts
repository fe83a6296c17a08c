const BLOCK = 512

/** An entry of an archive. */
export interface Entry {
  /** Without a leading slash. */
  readonly path: string
  readonly mode: number
  /** The user id and the group id. Default: 0, root. */
  readonly owner?: number
  /** The contents of a file; a directory has none. */
  readonly contents?: Buffer
}

/**
 * A tar archive in the ustar format of POSIX. It depends on the entries only: all times are 0. Missing directories are
 * added before their contents.
 */
export const tar = (entries: readonly Entry[]): Buffer => {
  const sorted = [...missingDirectories(entries), ...entries].sort((a, b) =>
    a.path < b.path ? -1 : 1,
  )
  return Buffer.concat([...sorted.flatMap(pieces), Buffer.alloc(2 * BLOCK)])
}

const missingDirectories = (entries: readonly Entry[]): Entry[] => {
  const named = new Set(entries.map(({ path }) => path))
  const parents = new Set(entries.flatMap(({ path }) => parentsOf(path)))
  return [...parents].filter((path) => !named.has(path)).map((path) => ({ path, mode: 0o755 }))
}

const parentsOf = (path: string): string[] => {
  const names = path.split('/').slice(0, -1)
  return names.map((_, at) => names.slice(0, at + 1).join('/'))
}

const pieces = (entry: Entry): Buffer[] => {
  const { contents } = entry
  if (!contents) return [header(entry)]
  return [header(entry), contents, Buffer.alloc(-contents.length & (BLOCK - 1))]
}

const header = ({ path, mode, owner = 0, contents }: Entry): Buffer => {
  const block = Buffer.alloc(BLOCK)
  if (path.length > 99) throw new Error(`the path ${path} is too long for an archive`)
  block.write(contents ? path : `${path}/`)
  const numbers = [
    [100, 8, mode],
    [108, 8, owner],
    [116, 8, owner],
    [124, 12, contents?.length ?? 0],
    [136, 12, 0],
  ] as const
  for (const [at, length, value] of numbers) block.write(octal(value, length), at)
  block.write(contents ? '0' : '5', 156)
  block.write('ustar\0' + '00', 257, 'latin1')
  // The checksum is calculated with blanks in its own place.
  block.fill(' ', 148, 156)
  block.write(octal(sum(block), 7), 148)
  return block
}

/** Octal digits, with a NUL at the end. */
const octal = (value: number, length: number): string =>
  `${value.toString(8).padStart(length - 1, '0')}\0`

const sum = (bytes: Buffer): number => bytes.reduce((total, byte) => total + byte, 0)
