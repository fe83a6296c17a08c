// biome-ignore-all lint/style/useNodejsImportProtocol: Node 12 does not know it
// The part that the .cjs scripts share. Its syntax is old, so that any Node can parse it, and an old one can report the
// problem.
'use strict'

const { spawnSync } = require('child_process')
const path = require('path')

const root = path.join(__dirname, '..')
const modules = path.join(root, 'node_modules')
const ownNode = path.join(modules, 'node', 'bin', 'node')

/** rdv needs Node 22.15 or later. The build and the tests need a later one, which runs TypeScript. */
function isNewEnough(version) {
  const parts = version.split('.').map(Number)
  return parts[0] > 22 || (parts[0] === 22 && parts[1] >= 18)
}

/** The Node for the scripts: this one, or the one that npm has installed. `undefined` if neither can run them. */
function findNode() {
  if (isNewEnough(process.versions.node)) return process.execPath
  return spawnSync(ownNode, ['--version']).status === 0 ? ownNode : undefined
}

const noNode =
  'Node 22.18 or later is needed: install it, or run `npm install` with npm 11 or later, which installs the development dependency `node` (its install script is permitted by allowScripts in package.json)'

/** The environment with that Node first in PATH. */
function environmentFor(node) {
  const PATH = path.dirname(node) + path.delimiter + process.env.PATH
  return Object.assign({}, process.env, { PATH })
}

module.exports = { root, modules, findNode, noNode, environmentFor }
