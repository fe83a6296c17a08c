import { writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { Socket } from 'node:net'
import { constants, homedir } from 'node:os'
import { join } from 'node:path'
import { rolldown } from 'rolldown'
import { expect, test, vi } from 'vitest'
import { lazyPlugin } from '../../src/start-up/build/lazy-plugin.ts'
import { temporaryFolder } from '../services/watchdog.ts'

/** Bundles a module. Returns the file of the bundle. */
const bundle = async (source: string, name = 'module.cjs'): Promise<string> => {
  const folder = temporaryFolder('lazy')
  writeFileSync(join(folder, name), source)
  const build = await rolldown({
    input: join(folder, name),
    platform: 'node',
    plugins: [lazyPlugin],
  })
  const file = join(folder, 'bundle.cjs')
  await build.write({ file, format: 'cjs' })
  await build.close()
  return file
}

/** The exports of a module after it was bundled. */
const bundled = async (source: string): Promise<unknown> => exportsOf(await bundle(source))

const exportsOf = (file: string): unknown => createRequire(file)(file)

test('what stands for a module of Node’s loads it when something of it is used', async () => {
  const home = await bundled(`const os = require('node:os'); module.exports = () => os.homedir()`)
  expect((home as () => string)()).toBe(homedir())
})

test('of a module that is a function or a class, too, with what it is made of', async () => {
  const names = await bundled(
    `const url = require('node:url'); module.exports = [new url.URL('http://a/b').pathname, 'URL' in url]`,
  )
  expect(names).toEqual(['/b', true])
})

test('what our own files import of a module of Node’s is found when it is used', async () => {
  const source = `import { Socket } from 'node:net'
    import { constants, homedir } from 'node:os'
    export const home = () => homedir()
    export const term = () => constants.signals.SIGTERM
    export const socket = () => new Socket()
    export const own = () => class extends Socket {}`
  const file = await bundle(source, 'module.mjs')
  const find = vi.spyOn(process, 'getBuiltinModule')
  const { home, term, socket, own } = exportsOf(file) as Record<string, () => unknown>
  expect(find).not.toHaveBeenCalled()
  expect([home?.(), term?.()]).toEqual([homedir(), constants.signals.SIGTERM])
  expect(find.mock.calls).toEqual([['node:os']])
  expect(socket?.()).toBeInstanceOf(Socket)
  const Own = own?.() as typeof Socket
  expect(new Own()).toBeInstanceOf(Own)
  find.mockRestore()
})
