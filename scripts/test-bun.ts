import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { hostTarget, provideBun } from './bun.ts'

/*
 * `npm run test:bun -- [FILE…]`: what backends, recipes, probes and the server promise, by our code within the executable's
 * runtime, and where commands are run, by the executable. `test/child` cannot be run so: bun's
 * command line drops a first `--`, and its fixtures are started by it.
 */
const FILES = ['test/backends', 'test/recipes', 'test/probes', 'test/server', 'test/nanomsg']

/**
 * What bun does otherwise, as decision 51 tells: it goes on while TLS hangs, and leaves no log of SQLite's. What else is
 * left out is of the tests alone: a listener of bun's takes more connections than it was told, and fake timers are not its own.
 */
const OTHERWISE = [
  'where etcds:// never connects',
  'a command leaves its log to the next one',
  'a connect that is never answered ends with the time limit',
  'whose signal nobody asks for has no timer',
  'that is over when its signal is asked for',
]

const root = join(import.meta.dirname, '..')
const bun = await provideBun(hostTarget(), join(root, '.bun'))
const files = process.argv.slice(2)
const names = `--testNamePattern=^(?!.*(${OTHERWISE.join('|')}))`
const words = ['--bun', 'node_modules/vitest/vitest.mjs', 'run', '--pool=threads', names]
const { status } = spawnSync(bun, [...words, ...(files.length > 0 ? files : FILES)], {
  cwd: root,
  env: { ...process.env, RDV_TEST_EXECUTABLE: `standalone/rdv-${hostTarget()}` },
  stdio: 'inherit',
})
process.exitCode = status ?? 1
