#!/usr/bin/env node
// Plain enough for a Node of ten years ago, so that an old one gets a sentence instead of a syntax error.
'use strict'

// Node opens a debugger upon SIGUSR1: before all else it gets a listener, and loses the debugger that it has by now.
process.on('SIGUSR1', () => {})
if (process._debugEnd && !wantsDebugger()) {
  // Node asks itself twice to open one, the second time in the event loop.
  process.on('internalMessage', () => {
    process._debugEnd()
  })
  process._debugEnd()
}

var version = process.versions.node
var parts = version.split('.').map(Number)
var needed = 'rdv needs 22.15 or later: install a newer Node'
if (parts[0] < 22 || (parts[0] === 22 && parts[1] < 15))
  fail(`this is Node ${version}, and ${needed}`)

// As a script, which takes a tenth of the time that a module takes.
var Script = process.getBuiltinModule('node:vm').Script
var dist = `${__dirname}/../dist`
var file = `${dist}/load.cjs`
new Script(read(file), { filename: file }).runInThisContext()({}, require, {}, dist)

function wantsDebugger() {
  if (process.execArgv.length === 0 && !process.env.NODE_OPTIONS) return false
  return /--inspect(-brk|-wait)?(=|\s|$)/m.test(
    `${process.execArgv.join('\n')}\n${process.env.NODE_OPTIONS}`,
  )
}

function read(file) {
  try {
    return process.getBuiltinModule('node:fs').readFileSync(file, 'utf8')
  } catch (_) {
    fail('this checkout is not built yet: npm run build')
  }
}

function fail(sentence) {
  process.stderr.write(`rdv: ${sentence}\n`)
  process.exit(125)
}
