import { execFileSync } from 'node:child_process'
import { cp, mkdtemp, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type BuildOptions, build, type Plugin } from 'esbuild'
import { sourcesOf, writeBundled } from './bundled.ts'
import { rareModules } from './lazy-plugin.ts'
import { writeManual } from './man.ts'
import { writeManifest } from './manifest.ts'
import { buildPage } from './page.ts'
import { buildProgram } from './program.ts'

/** Libraries that only some commands use: each in a file of its own, which is read when it is needed. */
const VENDORED = [
  'etcd3',
  'consul',
  'pg',
  'execa',
  'fastify',
  '@fastify/swagger',
  'typebox',
  'prom-client',
]

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
/** Built beside, then put in place at once: somebody may be running what is there. */
const building = `dist.${process.pid}`

/** Imports of vendored libraries become requires of their files. */
const vendor: Plugin = {
  name: 'vendor',
  setup(plugin) {
    const names = new RegExp(`^(${VENDORED.join('|')})$`)
    plugin.onResolve({ filter: names }, ({ path }) => ({
      path: `./vendor/${path}.cjs`,
      external: true,
    }))
  },
}

const common: BuildOptions = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node22',
  format: 'cjs',
  legalComments: 'linked',
  metafile: true,
  logLevel: 'warning',
  // An import() that stays one would load the ESM machinery, and see no names in a bundled library.
  supported: { 'dynamic-import': false },
  define: { 'process.env.NODE_ENV': '"production"', 'import.meta.dirname': '__dirname' },
}

/** A file that is read when something of it is needed. */
const bundleApart = (name: string, contents: string) =>
  build({
    ...common,
    stdin: { contents, resolveDir: root },
    outfile: `${building}/vendor/${name}.cjs`,
    minify: true,
    external: ['pg-native', 'pg-cloudflare'],
  })

const bundle = async (): Promise<void> => {
  const [program, , ...results] = await Promise.all([
    buildProgram(root, join(root, building, 'program'), VENDORED),
    buildPage(root, join(root, building, 'page')),
    build({
      ...common,
      entryPoints: ['src/index.ts'],
      outfile: `${building}/index.cjs`,
      plugins: [vendor],
    }),
    ...VENDORED.map((name) => bundleApart(name, `module.exports = require('${name}')`)),
    bundleApart('rare', rareModules()),
  ])
  await bundleLoader(program.hash)
  await writeBundled(join(root, building), [...program.sources, ...results.flatMap(sourcesOf)])
  // etcd3 looks for its protocol's description beside itself.
  const proto = join(root, 'node_modules/etcd3/proto')
  await cp(proto, join(root, building, 'proto'), { recursive: true })
}

/** It knows by which build its caches were made. */
const bundleLoader = (hash: string) =>
  build({
    ...common,
    entryPoints: ['src/main/load.ts'],
    outfile: `${building}/load.cjs`,
    minify: true,
    define: { ...common.define, BUILD: JSON.stringify(hash.slice(0, 16)) },
  })

/** The declarations for TypeScript programs. */
const declare = (): void => {
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  const words = [tsc, '-p', 'tsconfig.types.json', '--outDir', join(building, 'types')]
  execFileSync(process.execPath, words, { cwd: root, stdio: 'inherit' })
}

const putInPlace = async (): Promise<void> => {
  const old = join(root, `${building}.old`)
  await rename(join(root, 'dist'), old).catch(() => {})
  await rename(join(root, building), join(root, 'dist'))
  await rm(old, { recursive: true, force: true })
}

/** What is typed most often leaves behind what V8 compiled for it, on a store that is thrown away. */
const warm = async (): Promise<void> => {
  const data = await mkdtemp(join(tmpdir(), 'rdv-build-'))
  const env = { ...process.env, RDV_DATA_DIR: data, RDV_BACKEND: '' }
  for (const command of ['signal built', 'wait built', 'get built', 'lock built -- true']) {
    const words = [join(root, building, 'load.cjs'), ...command.split(' ')]
    execFileSync(process.execPath, words, { env, stdio: ['ignore', 'ignore', 'inherit'] })
  }
  await rm(data, { recursive: true })
}

await bundle()
await writeManifest(root)
await writeManual(join(root, building))
await warm()
declare()
await putInPlace()
