import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { Script } from 'node:vm'

// Runs the bundle, from V8's compiled form of it where that was made by this very Node at build time: compiling is
// most of a short command's time. V8 checks version, flags and source itself, and what it refuses is compiled anew.

const file = join(__dirname, 'rdv.cjs')

const cachedData = (): Buffer | undefined => {
  try {
    return readFileSync(join(__dirname, `rdv.${process.version}-${process.arch}.cache`))
  } catch {
    return undefined
  }
}

const wrapped = `(function (exports, require, module, __filename, __dirname) {${readFileSync(file, 'utf8')}\n})`
const script = new Script(wrapped, { filename: file, cachedData: cachedData() })
const module_ = { exports: {} }
script.runInThisContext()(module_.exports, createRequire(file), module_, file, __dirname)

export { script }
