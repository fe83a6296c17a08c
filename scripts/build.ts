import { execFileSync } from 'node:child_process'
import { cp, mkdtemp, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type BuildOptions, build, type Plugin } from 'esbuild'
import { lazyPlugin } from './lazy-plugin.ts'
import { writeManifest } from './manifest.ts'

/** Libraries that only some commands use: each in a file of its own, which is read when it is needed. */
const VENDORED = ['etcd3', 'consul', 'pg', 'execa', 'fastify', 'typebox', 'prom-client']

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
  logLevel: 'warning',
  // An import() that stays one would load the ESM machinery, and see no names in a bundled library.
  supported: { 'dynamic-import': false },
  define: { 'process.env.NODE_ENV': '"production"' },
}

const bundle = async (): Promise<void> => {
  await Promise.all([
    build({
      ...common,
      entryPoints: ['src/main/entry.ts'],
      outfile: `${building}/rdv.cjs`,
      minify: true,
      plugins: [vendor, lazyPlugin],
      alias: { 'wsl-utils': './scripts/wsl-utils.ts' },
    }),
    build({
      ...common,
      entryPoints: ['src/main/load.ts'],
      outfile: `${building}/load.cjs`,
      minify: true,
    }),
    build({
      ...common,
      entryPoints: ['src/index.ts'],
      outfile: `${building}/index.cjs`,
      plugins: [vendor],
    }),
    ...VENDORED.map((name) =>
      build({
        ...common,
        stdin: { contents: `module.exports = require('${name}')`, resolveDir: root },
        outfile: `${building}/vendor/${name}.cjs`,
        minify: true,
        external: ['pg-native', 'pg-cloudflare'],
      }),
    ),
  ])
  // etcd3 looks for its protocol's description beside itself.
  const proto = join(root, 'node_modules/etcd3/proto')
  await cp(proto, join(root, building, 'proto'), { recursive: true })
}

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

/** Compiles ahead for the Node that builds, on a store that is thrown away. */
const warm = async (): Promise<void> => {
  const data = await mkdtemp(join(tmpdir(), 'rdv-build-'))
  const env = { ...process.env, RDV_DATA_DIR: data, RDV_BACKEND: '' }
  const words = [join(root, 'scripts/warm.cjs'), join(root, building), 'signal', 'built']
  execFileSync(process.execPath, words, { env })
  await rm(data, { recursive: true })
}

await bundle()
await writeManifest(root)
await warm()
declare()
await putInPlace()
