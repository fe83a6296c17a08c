const BLOCK = 512

/** What is in an archive, by its path without a slash before it. Who owns it is a number, and root where nothing is said. */
export interface Entry {
  readonly path: string
  readonly mode: number
  readonly owner?: number
  /** The contents of a file; a directory has none. */
  readonly contents?: Buffer
}

/**
 * A tar archive in POSIX' ustar form. It depends on nothing but the entries: all times are 0, and directories that nobody
 * has named come before what is in them.
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
  if (path.length > 99) throw new Error(`too long a path for an archive: ${path}`)
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
  // Of the header itself, with blanks where the sum will be.
  block.fill(' ', 148, 156)
  block.write(octal(sum(block), 7), 148)
  return block
}

/** Digits, and a NUL at the end. */
const octal = (value: number, length: number): string =>
  `${value.toString(8).padStart(length - 1, '0')}\0`

const sum = (bytes: Buffer): number => bytes.reduce((total, byte) => total + byte, 0)
