import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { Script } from 'node:vm'

// Runs the bundle, from V8's compiled form of it where this very Node made one at build time: compiling is most of a
// short command's time. V8 checks its version, its flags and the source, and compiles anew what does not fit.

const file = join(__dirname, 'rdv.cjs')

export const cacheFile: string = join(__dirname, `rdv-${process.version}-${process.arch}.cache`)

const readCache = (): Buffer | undefined => {
  try {
    return readFileSync(cacheFile)
  } catch {
    return undefined
  }
}

// The bundle is ASCII, which is read fastest as Latin-1.
const source = readFileSync(file, 'latin1')
const wrapped = `(function (exports, require, module, __filename, __dirname) {${source}\n})`

export const script: Script = new Script(wrapped, { filename: file, cachedData: readCache() })

const bundle = { exports: {} }
script.runInThisContext()(bundle.exports, createRequire(file), bundle, file, __dirname)
