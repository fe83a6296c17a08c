import type * as vm from 'node:vm'
import { codeOf, nameOf, openCache } from './code-cache/code-cache.ts'
import { wrap } from './wrapping.ts'

/*
 * Runs the program from V8's compiled code of its files, if there is any: a short command spends most of its time on
 * compilation. `bin/rdv.cjs` calls this file with the folder of the build. V8 compiles this file, and each of its functions
 * that is called, at each start. Therefore it has few functions.
 */

// The first call of `require` takes as long as reading a file.
const { readFileSync } = process.getBuiltinModule('node:fs')
const { Script } = process.getBuiltinModule('node:vm')

const { argv, env } = process
const cache = nameOf(argv, env)
const known = openCache(__dirname, cache, env)
const scripts = new Map<string, vm.Script>()
const modules = new Map<string, { exports: object }>()

/** Loads a file of the program, a library that was built beside it, or a module of Node. */
const requireWithin = Object.assign((name: string): unknown => {
  if (name.startsWith('./')) return load(`program/${name.slice(2)}`)
  if (name.startsWith('../')) return load(name.slice(3))
  return process.getBuiltinModule(name) ?? require(name)
}, require)

const load = (name: string): object => {
  const there = modules.get(name)
  if (there) return there.exports
  const module = { exports: {} }
  modules.set(name, module)
  const filename = `${__dirname}/${name}`
  const source = readFileSync(filename, 'utf8')
  // The build writes the program's files as functions. Libraries are ordinary modules: the library `rdv` requires them, too.
  const script = new Script(name.startsWith('program/') ? source : wrap(source), {
    filename,
    cachedData: known && codeOf(known, name),
  })
  scripts.set(name, script)
  const folder = filename.slice(0, filename.lastIndexOf('/'))
  script.runInThisContext()(module.exports, requireWithin, module, folder)
  return module.exports
}

/** Milliseconds that the event loop was idle in a run that counts as one that has waited. */
const IDLE = 200

/** Asks Node only in a long run: loading `performance` takes as long as some commands run. */
const hasWaited = (): boolean =>
  process.uptime() * 1_000 > IDLE && performance.eventLoopUtilization().idle > IDLE

process.on('exit', (code) => {
  let isNew = !known || (!known.waited && hasWaited())
  for (const script of scripts.values()) isNew ||= script.cachedDataRejected !== false
  if (code !== 0 || !isNew) return
  try {
    const { writeCodeCache } = require(
      `${__dirname}/keep.cjs`,
    ) as typeof import('./code-cache/keep.ts')
    const waited = known?.waited || hasWaited()
    writeCodeCache(__dirname, cache, env, { known, scripts, waited })
  } catch {
    // The cache affects only speed.
  }
})

load('program/rdv.cjs')
