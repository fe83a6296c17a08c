// biome-ignore-all lint/style/useNodejsImportProtocol: Node 12 does not know it
// Shows the main job: two processes meet. Its syntax is old, so that any Node can parse it, and an old one can report
// the problem.
'use strict'

const { spawn, spawnSync } = require('child_process')
const fs = require('fs')
const os = require('os')
const path = require('path')
const { root, findNode, noNode, environmentFor } = require('./node.cjs')

const cannotRun = 125

function fail(message, code) {
  process.stderr.write(`npm run try: ${message}\n`)
  process.exit(code || 1)
}

function build(node) {
  if (fs.existsSync(path.join(root, 'dist', 'load.cjs'))) return
  console.log('building (once) ...')
  const { status } = spawnSync(node, [path.join(root, 'scripts', 'build.ts')], {
    cwd: root,
    env: environmentFor(node),
    stdio: 'inherit',
  })
  if (status !== 0) fail('the build failed')
}

/** The environment without the user's own settings, and with a temporary store. */
function environmentIn(folder, node) {
  const env = environmentFor(node)
  for (const name of Object.keys(env)) if (name.startsWith('RDV_')) delete env[name]
  return Object.assign(env, { RDV_DATA_DIR: folder })
}

/** Starts rdv, and prints its command line and its output. */
function rdv(node, env, who, words) {
  const show = (text) => console.log(`${who}   ${String(text).trimEnd()}`)
  const typed = words.map((word) => (word.includes(' ') ? `'${word}'` : word))
  console.log(`${who} $ rdv ${typed.join(' ')}`)
  const child = spawn(node, [path.join(root, 'bin', 'rdv.cjs')].concat(words), {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  child.stdout.on('data', show)
  child.stderr.on('data', show)
  child.on('error', (error) => fail(error.message))
  child.on('close', (code) => show(`(exit code ${code})`))
  return {
    spoke: new Promise((resolve) => child.stderr.once('data', resolve)),
    ended: new Promise((resolve) => child.once('close', resolve)),
  }
}

async function meet(node, env) {
  const words = ['wait', 'db=migrated', '--', 'echo', 'here the server starts']
  const waiting = rdv(node, env, '[process 1]', words)
  await Promise.race([waiting.spoke, waiting.ended])
  const signalling = rdv(node, env, '[process 2]', ['signal', 'db', 'migrated'])
  const codes = await Promise.all([signalling.ended, waiting.ended])
  if (codes.some((code) => code !== 0)) fail('they did not meet')
  console.log('They met. README.md continues from here. `npx rdv --help` lists the commands.')
}

async function main(node) {
  build(node)
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'rdv-try-'))
  process.on('exit', () => fs.rmSync(folder, { recursive: true, force: true }))
  await meet(node, environmentIn(folder, node))
}

const node = findNode()
if (node === undefined) fail(noNode, cannotRun)
main(node).catch((error) => fail(error.stack))
