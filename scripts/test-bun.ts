import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { hostTarget, provideBun } from './bun.ts'

/*
 * `npm run test:bun -- [FILE…]` runs the tests of backends, recipes, probes and the server within the runtime of the
 * executable. Commands in these tests run the executable. `test/child` cannot run in this way, because bun starts its
 * fixtures, and bun's command line drops a first `--`.
 */
const FILES = ['test/backends', 'test/recipes', 'test/probes', 'test/server', 'test/nanomsg']

/**
 * The names of tests that are left out, because bun differs (decision 51): a process stays alive while a TLS handshake
 * hangs, SQLite's log does not remain after a command, and a listener accepts more connections than its limit.
 */
const OTHERWISE = [
  'where etcds:// never connects',
  'a command leaves its log to the next one',
  'a connect that is never answered ends with the time limit',
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
