import { cLibrary } from '../base/c-library.ts'

const variable = 'UV_THREADPOOL_SIZE'

/** The usual threads are enough for this many calls that may block. */
const defaultThreads = 1

/** The most threads. A container may allow only some hundreds of threads for all its processes together. */
const maxThreads = 256

const blocking = new Set<string>()
let started = false

/** Announces that this name will be looked up, or this file checked. */
export const expectBlocking = (what: string): void => {
  if (!started && !/^[\d.]+$|^localhost\.?$|:/i.test(what)) blocking.add(what)
}

/**
 * Starts enough threads for calls that may block. A lookup of a name, and a check of a file whose server is gone, keep
 * a thread until they end. By default there are four threads, of which Node gives two to lookups. When these are busy,
 * everything else waits. The number of threads is read from the environment when the first thread is needed, so the
 * variable is set only for that moment. Nothing changes if the threads have been started before.
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

/** In bun, `process.env` is a copy of the environment. */
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
