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

/** Likewise, which our own files import. */
const IMPORTED = [
  'node:buffer',
  'node:child_process',
  'node:crypto',
  'node:dgram',
  'node:dns/promises',
  'node:events',
  'node:fs/promises',
  'node:net',
  'node:os',
  'node:readline',
  'node:timers/promises',
  'node:tty',
]

/** Libraries likewise. They need not even be read: they are together in a file of their own. */
const RARE = ['debug']

/** Likewise files of oclif: its help, its errors, its log, and what looks for plugins, files and its own version. */
const RARE_IN_OCLIF = [
  'cache',
  'errors/index',
  'help/index',
  'logger',
  'main',
  'parser/errors',
  'parser/help',
  'util/fs',
]

const OCLIF = 'node_modules/@oclif/core/lib'

const FILE = '../vendor/rare.cjs'
const LAZY = '\0lazy:'
const LATE = '\0late:'
/** What all stand-ins share. */
const SHARED = '\0stand-in'

/**
 * Puts a stand-in where a module is imported, which loads the module when something of it is used first. Starting
 * costs what a command needs, and nobody's code is changed.
 */
export const lazyPlugin: Plugin = {
  name: 'lazy',
  async resolveId(name, importer, { kind }) {
    if (name === FILE) return { id: name, external: true }
    if (name === SHARED) return name
    const required = kind === 'require-call'
    if (kind === 'import-statement' && IMPORTED.includes(name)) return LATE + name
    if (required && (BUILTIN.includes(name) || RARE.includes(name))) return LAZY + name
    if (!name.startsWith('@oclif/core/') && !importer?.includes(OCLIF)) return undefined
    const file = (await this.resolve(name, importer, { kind, skipSelf: true }))?.id
    const part = RARE_IN_OCLIF.find((rare) => file?.endsWith(`/${OCLIF}/${rare}.js`))
    return part && LAZY + fileOf(part)
  },
  load(id) {
    if (id === SHARED) return { code: STAND_IN, moduleType: 'js' }
    if (id.startsWith(LATE)) return { code: late(id.slice(LATE.length)), moduleType: 'js' }
    return id.startsWith(LAZY)
      ? { code: standIn(id.slice(LAZY.length)), moduleType: 'js' }
      : undefined
  },
}

const fileOf = (part: string): string => `./${OCLIF}/${part}.js`

/** `__esModule` is asked for on import already: whether what is imported is the module, or its `default`. */
const STAND_IN = `
module.exports = (load, __esModule) => new Proxy(function () {}, {
  get: (_, name) => (name === '__esModule' ? __esModule : load()[name]),
  has: (_, name) => name in load(),
  apply: (_, self, args) => Reflect.apply(load(), self, args),
  construct: (_, args, self) => Reflect.construct(load(), args, self),
})`

const standIn = (name: string): string =>
  `module.exports = require('${SHARED}')(() => ${loading(name)}, ${name.includes(OCLIF)})`

const loading = (name: string): string =>
  BUILTIN.includes(name)
    ? `process.getBuiltinModule(${JSON.stringify(name)})`
    : `require('${FILE}')[${JSON.stringify(name)}]`

/** As our files import it: name by name, each of which finds the module when it is used. */
const late = (name: string): string => {
  const members = Object.entries(process.getBuiltinModule(name) as object)
  return [
    `import standIn from '${SHARED}'`,
    'let found',
    `const find = () => (found ??= process.getBuiltinModule('${name}'))`,
    ...members.map(([key, value]) => lateMember(key, value)),
  ].join('\n')
}

/** What is no function, or one that `new` is for, is stood for as a module is. */
const lateMember = (key: string, value: unknown): string => {
  if (key === 'default' || typeof value === 'string') return ''
  const isPlain = typeof value === 'function' && /^[a-z]/.test(key)
  return isPlain
    ? `export const ${key} = (...words) => find().${key}(...words)`
    : `export const ${key} = /* @__PURE__ */ standIn(() => find().${key}, false)`
}

/** The text of the file with all that is rarely used, each part of which is run when it is asked for. */
export const rareModules = (): string => {
  const getters = [...RARE, ...RARE_IN_OCLIF.map(fileOf)].map(
    (name) => `get [${JSON.stringify(name)}]() { return require('${name}') }`,
  )
  return `module.exports = { ${getters.join(', ')} }`
}
