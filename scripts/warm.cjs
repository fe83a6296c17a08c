'use strict'

// Runs commands for real, one after the other, and keeps what V8 compiled for them: `node warm.cjs DIST`. Functions
// that are compiled only when they are called are in it because they were called.
const { once } = require('node:events')
const { writeFileSync } = require('node:fs')
const { createServer } = require('node:http')
const { createRequire } = require('node:module')
const { join } = require('node:path')

const dist = process.argv[2]
const file = join(dist, 'rdv.cjs')

/** What is typed most often. */
const COMMANDS = [
  ['signal', 'built'],
  ['get', 'built'],
  ['wait', '--once', 'built'],
  ['counter', 'inc', 'built'],
]

/** An etcd's gateway in which a key is `ready`, whichever it is, and a counter is not there yet. */
const gateway = createServer((request, response) => {
  const header = { revision: '2' }
  const kvs = [{ key: '', value: Buffer.from('ready').toString('base64'), mod_revision: '2' }]
  let body = ''
  request.on('data', (chunk) => {
    body += chunk
  })
  request.on('end', () => {
    const key = Buffer.from(JSON.parse(body).key ?? '', 'base64').toString()
    const isSignal = key.includes('/signal/')
    if (isSignal) kvs[0].key = Buffer.from(key).toString('base64')
    response.end(JSON.stringify({ header, succeeded: true, ...(isSignal && { kvs }) }))
  })
})

const run = async (words, backend) => {
  process.env.RDV_BACKEND = backend
  process.argv = [process.argv[0], file, ...words]
  const ended = new Promise((resolve) => {
    process.exit = resolve
  })
  const { script } = require(join(dist, 'load.cjs'))
  if (started) {
    const bundle = { exports: {} }
    script.runInThisContext()(bundle.exports, createRequire(file), bundle, file, dist)
  }
  started = true
  await ended
  if (process.exitCode) throw new Error(`rdv ${words.join(' ')} ended with ${process.exitCode}`)
  process.removeAllListeners()
}

const { exit } = process
let started = false

const main = async () => {
  gateway.listen(0, '127.0.0.1')
  await once(gateway, 'listening')
  for (const words of COMMANDS) {
    await run(words, '')
    await run(words, `etcd://127.0.0.1:${gateway.address().port}`)
  }
  await run(['lock', 'built', '--', 'true'], '')
  const { script, cacheFile } = require(join(dist, 'load.cjs'))
  writeFileSync(cacheFile, script.createCachedData())
  exit()
}

void main()
