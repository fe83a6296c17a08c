import type * as vm from 'node:vm'
import { codeOf, nameOf, openCache } from './code-cache/code-cache.ts'
import { wrap } from './wrapping.ts'

/*
 * Runs the program (`bin/rdv.cjs` calls this with the folder in which it is built), from V8's compiled form of its files
 * where there is one: compiling is most of a short command's time. This file itself is compiled each time, with each of
 * its functions that is called: hence so few.
 */

// Not by `require`, whose first call alone takes as long as reading a file.
const { readFileSync } = process.getBuiltinModule('node:fs')
const { Script } = process.getBuiltinModule('node:vm')

const { argv, env } = process
const cache = nameOf(argv, env)
const known = openCache(__dirname, cache, env)
const scripts = new Map<string, vm.Script>()
const modules = new Map<string, { exports: object }>()

/** What the program's files require: each other, libraries that were built beside them, or something of Node's. */
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
  // Our own files are built as functions; libraries are also for who requires them without this loader.
  const script = new Script(name.startsWith('program/') ? source : wrap(source), {
    filename,
    cachedData: known && codeOf(known, name),
  })
  scripts.set(name, script)
  const folder = filename.slice(0, filename.lastIndexOf('/'))
  script.runInThisContext()(module.exports, requireWithin, module, folder)
  return module.exports
}

/** So long (milliseconds) there was nothing to do in a run that has waited. */
const IDLE = 200

/** Of a short run it is not even asked: what tells takes as long to load as some commands run. */
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
    // It is only about speed.
  }
})

load('program/rdv.cjs')
