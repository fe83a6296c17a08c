import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Script } from 'node:vm'
import { readCodeCache, topicOf, writeCodeCache } from './code-cache.ts'

// Runs the bundle, from V8's compiled form of it where there is one: compiling is most of a short command's time.

const file = join(__dirname, 'rdv.cjs')
const topic = topicOf(process.argv, process.env)
const cachedData = readCodeCache(__dirname, topic, process.env)

// The bundle is ASCII, which is read fastest as Latin-1.
const source = readFileSync(file, 'latin1')
const wrapped = `(function (exports, require, module, __filename, __dirname) {${source}\n})`

const script = new Script(wrapped, { filename: file, cachedData })

// After a real run, so that what is compiled only when it is called is in it.
if (!cachedData || script.cachedDataRejected) {
  process.once('exit', (code) => {
    if (code === 0) writeCodeCache(__dirname, topic, process.env, () => script.createCachedData())
  })
}

const bundle = { exports: {} }
script.runInThisContext()(bundle.exports, require, bundle, file, __dirname)
