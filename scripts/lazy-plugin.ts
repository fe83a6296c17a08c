import type { Plugin } from 'esbuild'

/** Of Node's modules those that libraries require at the top of a file, but use only on some ways through the program. */
const BUILTIN = [
  'node:child_process',
  'child_process',
  'node:fs/promises',
  'node:readline',
  'node:perf_hooks',
]

/** Libraries likewise. They need not even be read: they are together in a file of their own. */
const RARE = [
  'debug',
  'ejs',
  'minimatch',
  'tinyglobby',
  'lilconfig',
  'semver',
  'ansis',
  'wrap-ansi',
  'clean-stack',
  'cli-spinners',
  'ansi-escapes',
  'indent-string',
  'string-width',
  'widest-line',
  'wordwrap',
  'supports-color',
]

const escaped = [...BUILTIN, ...RARE].map((name) => name.replaceAll('/', '\\/'))
const filter = new RegExp(`^(${escaped.join('|')})$`)

/**
 * Puts a stand-in where a module is imported, which loads the module when something of it is used first. Starting
 * costs what a command needs, and nobody's code is changed.
 */
export const lazyPlugin: Plugin = {
  name: 'lazy',
  setup(build) {
    build.onResolve({ filter: /^\.\/vendor\// }, ({ path }) => ({ path, external: true }))
    build.onResolve({ filter }, ({ path, namespace, kind }) =>
      namespace === 'file' && kind === 'require-call' ? { path, namespace: 'lazy' } : undefined,
    )
    build.onLoad({ filter: /.*/, namespace: 'lazy' }, ({ path }) => ({
      contents: standIn(path),
      resolveDir: build.initialOptions.absWorkingDir,
    }))
  },
}

/** `__esModule` is asked for on import already, and says of CommonJS modules that they are what is imported. */
const standIn = (path: string): string => `
let loaded
const load = () => loaded ??= ${loading(path)}
module.exports = new Proxy(function () {}, {
  get: (_, name) => (name === '__esModule' ? false : load()[name]),
  has: (_, name) => name in load(),
  apply: (_, self, args) => Reflect.apply(load(), self, args),
  construct: (_, args) => Reflect.construct(load(), args),
})`

const loading = (path: string): string =>
  RARE.includes(path)
    ? `require('./vendor/rare.cjs')[${JSON.stringify(path)}]`
    : `require(${JSON.stringify(path)})`

/** The text of the file with all that is rarely used, each part of which is run when it is asked for. */
export const rareModules = (): string => {
  const getters = RARE.map(
    (name) => `get [${JSON.stringify(name)}]() { return require('${name}') }`,
  )
  return `module.exports = { ${getters.join(', ')} }`
}
