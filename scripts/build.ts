import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { globSync, readFileSync } from 'node:fs'
import { cp, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type BuildOptions, build, type Plugin } from 'esbuild'
import { rareModules } from '../src/start-up/build/lazy-plugin.ts'
import { wrap } from '../src/start-up/wrapping.ts'
import { sourcesOf, writeBundled } from './bundled.ts'
import { writeCompletions } from './completions.ts'
import { writeJsonSchemas } from './json-schemas.ts'
import { writeManual } from './man.ts'
import { writeManifest } from './manifest.ts'
import { buildPage } from './page.ts'
import { buildProgram } from './program.ts'

/** Libraries that only some commands use. Each is bundled into a separate file, which is loaded when it is needed. */
const VENDORED = [
  'etcd3',
  'consul',
  'pg',
  'execa',
  'fastify',
  '@fastify/swagger',
  'typebox',
  'prom-client',
  're2js',
]

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
/**
 * The build is made in this folder and then renamed to dist, because other processes may be running the files in dist.
 */
const building = `dist.${process.pid}`

/** Replaces each import of a vendored library by a require of its file. */
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
  // import() would load Node's ESM loader, and find no named exports in a bundled library.
  supported: { 'dynamic-import': false },
  define: { 'process.env.NODE_ENV': '"production"', 'import.meta.dirname': '__dirname' },
}

/** Bundles code into a separate file, which is loaded when it is needed. */
const bundleApart = (name: string, contents: string) =>
  build({
    ...common,
    stdin: { contents, resolveDir: root },
    outfile: `${building}/vendor/${name}.cjs`,
    minify: true,
    external: ['pg-native', 'pg-cloudflare'],
  })

const bundle = async (): Promise<void> => {
  const [sources, page, ...results] = await Promise.all([
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
  await bundleLoader()
  await writeBundled(join(root, building), [...sources, ...page, ...results.flatMap(sourcesOf)])
  // etcd3 reads the definition of its protocol from this folder.
  const proto = join(root, 'node_modules/etcd3/proto')
  await cp(proto, join(root, building, 'proto'), { recursive: true })
}

/**
 * Bundles the loader of the program, and the code that fills the cache of compiled code. Both contain the build's hash.
 */
const bundleLoader = async (): Promise<void> => {
  const { outputFiles } = await build({
    ...common,
    entryPoints: { load: 'src/start-up/load.ts', keep: 'src/start-up/code-cache/keep.ts' },
    outdir: building,
    outExtension: { '.js': '.cjs' },
    minify: true,
    define: { ...common.define, BUILD: JSON.stringify(hashOfBuilt().slice(0, 16)) },
    write: false,
  })
  for (const { path, text } of outputFiles) {
    await writeFile(path, path.endsWith('load.cjs') ? wrap(text) : text)
  }
}

/** The hash of all files that the loader may load. */
const hashOfBuilt = (): string => {
  const hash = createHash('sha256')
  const files = globSync('{program,vendor}/**/*.cjs', { cwd: join(root, building) })
  for (const file of files.sort()) hash.update(readFileSync(join(root, building, file)))
  return hash.digest('hex')
}

/** Writes the type declarations of the library. */
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

/** Exit code 1 means that the cache cannot be written. The commands of this checkout then only start more slowly. */
const precompile = (): void => {
  const { status } = spawnSync(process.execPath, [join(root, 'bin/rdv.cjs'), 'precompile'], {
    env: { ...process.env, RDV_BACKEND: '' },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  if (status !== 0 && status !== 1)
    throw new Error(`the built program does not run: rdv precompile ended with ${status}`)
}

await bundle()
await writeManifest(root)
await writeManual(join(root, building))
await writeCompletions(join(root, building))
await writeJsonSchemas(join(root, building))
declare()
await putInPlace()
precompile()
