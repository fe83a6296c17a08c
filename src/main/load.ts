import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { Script } from 'node:vm'
import { type Compiled, nameOf, readCodeCache } from './code-cache.ts'

// Runs the program, from V8's compiled form of its files where there is one: compiling is most of a short command's time.

const cache = nameOf(process.argv, process.env)
const known = readCodeCache(__dirname, cache, process.env)
const scripts = new Map<string, Script>()
const modules = new Map<string, { exports: object }>()

/** Of Node's modules those that our own files import, but use only on some ways through the program. */
const LAZY = new Set(['node:os', 'node:timers/promises'])

/** What the program's files require: each other, libraries that were built beside them, or something of Node's. */
const requireWithin = Object.assign((name: string): unknown => {
  if (name.startsWith('./')) return load(`program/${name.slice(2)}`)
  if (name.startsWith('../')) return load(name.slice(3))
  return LAZY.has(name) ? whenUsed(name) : require(name)
}, require)

/** Stands for a module, and loads it when something of it is used first. */
const whenUsed = (name: string): object =>
  new Proxy(
    {},
    {
      get: (_, key) => require(name)[key],
      has: (_, key) => key in require(name),
      ownKeys: () => Reflect.ownKeys(require(name)),
      getOwnPropertyDescriptor: (_, key) => ({
        ...Reflect.getOwnPropertyDescriptor(require(name), key),
        configurable: true,
      }),
    },
  )

const load = (name: string): object => {
  const there = modules.get(name)
  if (there) return there.exports
  const module = { exports: {} }
  modules.set(name, module)
  const folder = `${__dirname}/${name.slice(0, name.lastIndexOf('/'))}`
  compile(name).runInThisContext()(module.exports, requireWithin, module, folder)
  return module.exports
}

const compile = (name: string): Script => {
  const filename = `${__dirname}/${name}`
  const script = new Script(wrapped(filename), { filename, cachedData: known?.files.get(name) })
  scripts.set(name, script)
  return script
}

const BEFORE = '(function (exports, require, module, __dirname) {'
const AFTER = '\n})'

/**
 * A module's source as a function. Put together in one buffer: were it put together of strings, V8 would collect its garbage
 * in the middle of a short command.
 */
const wrapped = (filename: string): string => {
  const file = openSync(filename, 'r')
  try {
    const { size } = fstatSync(file)
    const source = Buffer.allocUnsafe(BEFORE.length + size + AFTER.length)
    source.write(BEFORE, 'latin1')
    const length = readSync(file, source, BEFORE.length, size, 0)
    const end = source.write(AFTER, BEFORE.length + length, 'latin1')
    // The files are ASCII, which is read fastest as Latin-1.
    return source.toString('latin1', 0, BEFORE.length + length + end)
  } finally {
    closeSync(file)
  }
}

/** So long (milliseconds) there was nothing to do in a run that has waited. */
const IDLE = 200

/** Of a short run it is not even asked: what tells takes as long to load as some commands run. */
const hasWaited = (): boolean =>
  process.uptime() * 1_000 > IDLE && performance.eventLoopUtilization().idle > IDLE

const isNew = (): boolean =>
  !known ||
  (!known.waited && hasWaited()) ||
  [...scripts].some(([name, script]) => !known.files.has(name) || script.cachedDataRejected)

/** Made after a real run, so that what is compiled only when it is called is in it. */
const compiled = (): Compiled => ({
  files: new Map([...(known?.files ?? []), ...[...scripts].map(compiledOf)]),
  waited: known?.waited || hasWaited(),
})

const compiledOf = ([name, script]: [string, Script]) => [name, script.createCachedData()] as const

process.once('exit', (code) => {
  if (code !== 0 || !isNew()) return
  const { writeCodeCache } = require('./keep.cjs') as typeof import('./keep-code.ts')
  writeCodeCache(__dirname, cache, process.env, compiled)
})

load('program/rdv.cjs')
