import type { Plugin } from 'esbuild'

/** Modules that libraries require at the top of a file, but used only on some ways through the program. */
const LAZY = [
  'node:child_process',
  'child_process',
  'node:fs/promises',
  'node:readline',
  'node:perf_hooks',
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

const escaped = LAZY.map((name) => name.replaceAll('/', '\\/'))
const filter = new RegExp(`^(${escaped.join('|')})$`)

/**
 * Puts a stand-in where a module is imported, which loads the module when something of it is used first. Starting
 * costs what a command needs, and nobody's code is changed.
 */
export const lazyPlugin: Plugin = {
  name: 'lazy',
  setup(build) {
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
const load = () => loaded ??= require(${JSON.stringify(path)})
module.exports = new Proxy(function () {}, {
  get: (_, name) => (name === '__esModule' ? false : load()[name]),
  has: (_, name) => name in load(),
  apply: (_, self, args) => Reflect.apply(load(), self, args),
  construct: (_, args) => Reflect.construct(load(), args),
})`
