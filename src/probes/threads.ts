import { cLibrary } from '../base/c-library.ts'

const variable = 'UV_THREADPOOL_SIZE'

/** With so many things that may block, the usual threads are enough. */
const defaultThreads = 1

/** The most threads: a container may allow only some hundreds of all its processes together. */
const maxThreads = 256

const blocking = new Set<string>()
let started = false

/** Says that this name will be looked up, or this file looked at. */
export const expectBlocking = (what: string): void => {
  if (!started && !/^[\d.]+$|^localhost\.?$|:/i.test(what)) blocking.add(what)
}

/**
 * Starts threads for what may block. A lookup of a name, and a look at a file of a server that is gone, keeps a thread until it
 * ends; there are four, of which Node gives lookups two, and then everything else waits. Their number is read when the first
 * one is needed, from the environment, in which it stands only meanwhile. Nothing changes where they have been
 * started before.
 */
export const startThreads = (expected = blocking.size): void => {
  if (started || expected <= defaultThreads) return
  started = true
  const threads = Math.min(2 * expected + 4, maxThreads)
  if (threads <= Number(process.env[variable])) return
  const start = () => process.getBuiltinModule('node:fs').access('/', () => {})
  if (process.versions.bun === undefined) withVariable(String(threads), start)
  else withVariableOfSystem(String(threads), start)
}

const withVariable = (value: string, work: () => void): void => {
  const before = process.env[variable]
  process.env[variable] = value
  work()
  if (before === undefined) delete process.env[variable]
  else process.env[variable] = before
}

interface Environment {
  setenv(name: Buffer, value: Buffer, overwrite: number): number
  unsetenv(name: Buffer): number
}

/** Within bun `process.env` is a copy. */
const withVariableOfSystem = (value: string, work: () => void): void => {
  const { setenv, unsetenv } = cLibrary<Environment>({
    setenv: { args: ['cstring', 'cstring', 'i32'], returns: 'i32' },
    unsetenv: { args: ['cstring'], returns: 'i32' },
  })
  const text = (content: string) => Buffer.from(`${content}\0`)
  const before = process.env[variable]
  setenv(text(variable), text(value), 1)
  work()
  if (before === undefined) unsetenv(text(variable))
  else setenv(text(variable), text(before), 1)
}
