// biome-ignore-all lint/style/useNodejsImportProtocol: Node 12 does not know it
// What the plain scripts share. Plain enough to be parsed by any Node, so that an old one is told what is wrong.
'use strict'

const { spawnSync } = require('child_process')
const path = require('path')

const root = path.join(__dirname, '..')
const modules = path.join(root, 'node_modules')
const ownNode = path.join(modules, 'node', 'bin', 'node')

/** rdv runs from 22.15 on; building and testing it needs a Node that reads TypeScript. */
function isNewEnough(version) {
  const parts = version.split('.').map(Number)
  return parts[0] > 22 || (parts[0] === 22 && parts[1] >= 18)
}

/** The Node for the work: this one, or the one that npm has installed; `undefined` if there is none. */
function findNode() {
  if (isNewEnough(process.versions.node)) return process.execPath
  return spawnSync(ownNode, ['--version']).status === 0 ? ownNode : undefined
}

const noNode =
  'Node 22.18 or later is needed: use it, or run `npm install` with npm 11 or later, which (by allowScripts in package.json) may run the install script of the development dependency `node`'

/** The environment in which `node` means that Node. */
function environmentFor(node) {
  const PATH = path.dirname(node) + path.delimiter + process.env.PATH
  return Object.assign({}, process.env, { PATH })
}

module.exports = { root, modules, findNode, noNode, environmentFor }
