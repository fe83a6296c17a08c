#!/usr/bin/env node
// What the program begins with. Plain enough for any Node, so that an old one gets a sentence instead of a syntax error.
'use strict'

var version = process.versions.node.split('.').map(Number)
if (version[0] < 22 || (version[0] === 22 && version[1] < 15)) {
  process.stderr.write(
    'rdv: this is Node ' +
      process.versions.node +
      ', and rdv needs 22.15 or later: install a newer Node\n',
  )
  process.exit(125)
}
