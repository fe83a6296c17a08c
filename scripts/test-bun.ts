import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { hostTarget, provideBun } from './bun.ts'

/*
 * `npm run test:bun -- [FILE…]`: what every backend promises, by our code within the executable's runtime. `test/child` cannot
 * be run so: bun's command line drops a first `--`, and its fixtures are started by it.
 */
/** What bun does otherwise, as decision 51 tells: it goes on while TLS hangs, and leaves no log of SQLite's. */
const OTHERWISE = ['where etcds:// never connects', 'a command leaves its log to the next one']

const root = join(import.meta.dirname, '..')
const bun = await provideBun(hostTarget(), join(root, '.bun'))
const files = process.argv.slice(2)
const names = `--testNamePattern=^(?!.*(${OTHERWISE.join('|')}))`
const words = ['--bun', 'node_modules/vitest/vitest.mjs', 'run', '--pool=threads', names]
const { status } = spawnSync(bun, [...words, ...(files.length > 0 ? files : ['test/backends'])], {
  cwd: root,
  stdio: 'inherit',
})
process.exitCode = status ?? 1
