import type { Plugin } from 'rolldown'

/** Of Node's modules those that libraries require at the top of a file, but use only on some ways through the program. */
const BUILTIN = [
  'node:child_process',
  'child_process',
  'node:fs/promises',
  'node:os',
  'node:perf_hooks',
  'node:readline',
  'node:url',
  'node:util',
]

/** Libraries likewise. They need not even be read: they are together in a file of their own. */
const RARE = [
  'ansis',
  'clean-stack',
  'debug',
  'ejs',
  'indent-string',
  'supports-color',
  'wordwrap',
  'wrap-ansi',
]

/** Likewise what oclif requires of itself: its help, and what looks for plugins. */
const RARE_IN_OCLIF: Readonly<Record<string, string>> = {
  './config': '@oclif/core/config',
  './handle': '@oclif/core/handle',
  './help': '@oclif/core/help',
  './ux': '@oclif/core/ux',
}

/** The help begins here, in the same file. */
const HELP = '@oclif/core/run'

const FILE = '../vendor/rare.cjs'
const LAZY = '\0lazy:'

/**
 * Puts a stand-in where a module is imported, which loads the module when something of it is used first. Starting
 * costs what a command needs, and nobody's code is changed.
 */
export const lazyPlugin: Plugin = {
  name: 'lazy',
  resolveId(name, importer, { kind }) {
    if (name === HELP) return LAZY + name
    if (name === FILE) return { id: name, external: true }
    if (kind !== 'require-call') return undefined
    if (BUILTIN.includes(name) || RARE.includes(name)) return LAZY + name
    const rare = importer?.includes('/@oclif/core/') ? RARE_IN_OCLIF[name] : undefined
    return rare && LAZY + rare
  },
  load(id) {
    return id.startsWith(LAZY)
      ? { code: standIn(id.slice(LAZY.length)), moduleType: 'js' }
      : undefined
  },
}

/** `__esModule` is asked for on import already, and says of CommonJS modules that they are what is imported. */
const standIn = (name: string): string => `
let loaded
const load = () => loaded ??= ${loading(name)}
module.exports = new Proxy(function () {}, {
  get: (_, name) => (name === '__esModule' ? false : load()[name]),
  has: (_, name) => name in load(),
  apply: (_, self, args) => Reflect.apply(load(), self, args),
  construct: (_, args) => Reflect.construct(load(), args),
})`

const loading = (name: string): string =>
  BUILTIN.includes(name)
    ? `require(${JSON.stringify(name)})`
    : `require('${FILE}')[${JSON.stringify(name)}]`

/** The text of the file with all that is rarely used, each part of which is run when it is asked for. */
export const rareModules = (): string => {
  const getters = [...RARE, ...Object.values(RARE_IN_OCLIF), HELP].map(
    (name) => `get [${JSON.stringify(name)}]() { return require('${name}') }`,
  )
  return `module.exports = { ${getters.join(', ')} }`
}
