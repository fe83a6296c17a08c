import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { hostTarget, provideBun } from './bun.ts'

/*
 * `npm run test:bun -- [FILE…]`: what backends, probes and the server promise, by our code within the executable's runtime.
 * What starts commands cannot be run so: bun's command line drops a first `--`. It is run with the executable.
 */
const FILES = ['test/backends', 'test/probes', 'test/server', 'test/sp']

/**
 * What bun does otherwise, as decision 51 tells: it goes on while TLS hangs, and leaves no log of SQLite's. A listener of
 * bun's, which the last one needs, takes more connections than it was told.
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
  stdio: 'inherit',
})
process.exitCode = status ?? 1
