// biome-ignore-all lint/style/useNodejsImportProtocol: Node 12 does not know it
// The test command. Its syntax is old, so that any Node can parse it, and an old one can report the problem.
'use strict'

const { spawn, spawnSync } = require('child_process')
const fs = require('fs')
const os = require('os')
const path = require('path')

const { root, modules, findNode, noNode, environmentFor } = require('./node.cjs')

const cannotRun = 125

function fail(message) {
  process.stderr.write(`npm test: ${message}\n`)
  process.exit(cannotRun)
}

function npm(...args) {
  return spawnSync('npm', args, { cwd: root, stdio: 'inherit' }).status === 0
}

function install() {
  if (fs.existsSync(modules) || npm('ci')) return
  // npm ci refuses a lock file that was made without the packages for other platforms.
  process.stderr.write(
    'npm test: npm ci failed; trying npm install, which does not change the lock file\n',
  )
  if (!npm('install', '--no-save')) fail('npm install failed')
}

function readReport(file) {
  try {
    return JSON.parse(fs.readFileSync(file, 'utf8'))
  } catch (_) {
    return { testResults: [] }
  }
}

/** A file that could not be loaded has no tests in the report. It counts as one failed test. */
function isBrokenFile(file) {
  return file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed')
}

function count(report) {
  const tests = [].concat(...report.testResults.map((file) => file.assertionResults))
  const having = (...states) => tests.filter((test) => states.includes(test.status)).length
  return {
    passed: having('passed'),
    failed: having('failed') + report.testResults.filter(isBrokenFile).length,
    skipped: having('skipped', 'pending', 'todo', 'disabled'),
  }
}

/** Prints the counts as the last line, and returns the exit code. A run without tests has failed. */
function conclude(code, report) {
  const counts = count(report)
  if (code !== 0 && counts.failed === 0) {
    process.stderr.write('npm test: an error outside of any test counts as one failure\n')
    counts.failed = 1
  }
  const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : ''
  console.log(`${counts.passed} passed, ${counts.failed} failed${skipped}`)
  return counts.failed > 0 || counts.passed === 0 ? code || 1 : 0
}

function remove(folder, file) {
  if (fs.existsSync(file)) fs.unlinkSync(file)
  fs.rmdirSync(folder)
}

function run(node) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'rdv-test-'))
  const file = path.join(folder, 'report.json')
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`]
  const vitest = path.join(modules, 'vitest', 'vitest.mjs')
  const args = [vitest, 'run', ...reporters, ...process.argv.slice(2)]
  const child = spawn(node, args, { cwd: root, stdio: 'inherit', env: environmentFor(node) })
  const forward = (signal) => child.kill(signal)
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, forward)
  // A terminal sends Ctrl-C to vitest, too. This process stays to print the counts.
  process.on('SIGINT', () => {})
  child.on('error', (error) => fail(error.message))
  child.on('close', (code) => {
    const status = conclude(code === null ? 1 : code, readReport(file))
    remove(folder, file)
    process.exit(status)
  })
}

install()
run(findNode() || fail(noNode))
