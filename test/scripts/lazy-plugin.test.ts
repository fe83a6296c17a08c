import { writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { rolldown } from 'rolldown'
import { expect, test } from 'vitest'
import { lazyPlugin } from '../../scripts/lazy-plugin.ts'
import { temporaryFolder } from '../services/guard.ts'

/** What a CommonJS module exports once it is bundled. */
const bundled = async (source: string): Promise<unknown> => {
  const folder = temporaryFolder('lazy')
  writeFileSync(join(folder, 'module.cjs'), source)
  const build = await rolldown({
    input: join(folder, 'module.cjs'),
    platform: 'node',
    plugins: [lazyPlugin],
  })
  const file = join(folder, 'bundle.cjs')
  await build.write({ file, format: 'cjs' })
  await build.close()
  return createRequire(file)(file)
}

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
