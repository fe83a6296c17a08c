import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { dirname, extname, join } from 'node:path'

/** A file of the live page. */
export interface PageFile {
  readonly type: string
  readonly body: Buffer
  readonly etag: string
}

const TYPES: ReadonlyMap<string, string> = new Map([
  ['.html', 'text/html; charset=utf-8'],
  ['.js', 'text/javascript; charset=utf-8'],
  ['.css', 'text/css; charset=utf-8'],
])

let files: Promise<ReadonlyMap<string, PageFile>> | undefined

/**
 * Returns a file of the page by its name, as `scripts/page.ts` built it, or `undefined` if there is none. All files are
 * read with the first one, so a server that outlives an upgrade continues with files that fit each other.
 */
export const pageFile = async (name: string): Promise<PageFile | undefined> => {
  files ??= readFiles(join(packageFolder(import.meta.dirname), 'dist/page'))
  return (await files).get(name)
}

const packageFolder = (within: string): string =>
  existsSync(join(within, 'package.json')) ? within : packageFolder(dirname(within))

const readFiles = async (folder: string): Promise<Map<string, PageFile>> => {
  const names = await readdir(folder)
  const read = names.map(async (name): Promise<[string, PageFile][]> => {
    const type = TYPES.get(extname(name))
    if (type === undefined) return []
    const body = await readFile(join(folder, name))
    return [[name, { type, body, etag: etagOf(body) }]]
  })
  return new Map((await Promise.all(read)).flat())
}

const etagOf = (body: Buffer): string =>
  `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`
