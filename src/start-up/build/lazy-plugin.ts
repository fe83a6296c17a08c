import type { Plugin } from 'rolldown'

/** Modules of Node that libraries require at the top of a file, but use only in some runs. */
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

/** Modules of Node that our own files import, but use only in some runs. */
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

/** Libraries that are used only in some runs. They are in a separate file. */
const RARE = ['debug']

/** Files of oclif that are used only in some runs: help, errors, log, and the search for plugins, files and oclif's version. */
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
/** The module that all stand-ins import. */
const SHARED = '\0stand-in'

/**
 * Replaces an imported module by a stand-in that loads the module at first use. A command then loads only what it needs, and
 * the source imports modules as usual.
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

/** An import reads `__esModule` at once, to choose between the module and its `default`. It must not load the module. */
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

/** The stand-in for an ES import: each exported name finds the module when it is used. */
const late = (name: string): string => {
  const members = Object.entries(process.getBuiltinModule(name) as object)
  return [
    `import standIn from '${SHARED}'`,
    'let found',
    `const find = () => (found ??= process.getBuiltinModule('${name}'))`,
    ...members.map(([key, value]) => lateMember(key, value)),
  ].join('\n')
}

/** Exports that are not plain functions, such as classes, get a proxy. */
const lateMember = (key: string, value: unknown): string => {
  if (key === 'default' || typeof value === 'string') return ''
  const isPlain = typeof value === 'function' && /^[a-z]/.test(key)
  return isPlain
    ? `export const ${key} = (...words) => find().${key}(...words)`
    : `export const ${key} = /* @__PURE__ */ standIn(() => find().${key}, false)`
}

/** The source of the file with all rarely used modules. Each of them runs at its first use. */
export const rareModules = (): string => {
  const getters = [...RARE, ...RARE_IN_OCLIF.map(fileOf)].map(
    (name) => `get [${JSON.stringify(name)}]() { return require('${name}') }`,
  )
  return `module.exports = { ${getters.join(', ')} }`
}
