#!/usr/bin/env node
// What the program begins with. Plain enough for a Node of ten years ago, so that an old one gets a sentence instead of a syntax error.
'use strict'

var version = process.versions.node
var parts = version.split('.').map(Number)
var needed = 'rdv needs 22.15 or later: install a newer Node'
if (parts[0] < 22 || (parts[0] === 22 && parts[1] < 15)) {
  process.stderr.write(`rdv: this is Node ${version}, and ${needed}\n`)
  process.exit(125)
}
