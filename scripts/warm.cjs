'use strict'

// Runs a command for real, and keeps what V8 compiled for it: `node warm.cjs DIST COMMAND…`. Functions that are
// compiled only when they are called are in it because they were called.
const { writeFileSync } = require('node:fs')
const { join } = require('node:path')

const [dist, ...words] = process.argv.slice(2)
process.argv = [process.argv[0], join(dist, 'rdv.cjs'), ...words]
const { script, cacheFile } = require(join(dist, 'load.cjs'))

process.on('exit', () => writeFileSync(cacheFile, script.createCachedData()))
