import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { transform } from 'esbuild'
import { type CodeSplittingGroup, type OutputChunk, type Plugin, rolldown } from 'rolldown'
import { exportAtOnce } from '../src/start-up/build/exports.ts'
import { lazyPlugin } from '../src/start-up/build/lazy-plugin.ts'
import { wrap } from '../src/start-up/wrapping.ts'

/**
 * The files of the program. Each has the modules that match, and the modules that they import. A short command reads
 * two or three of these files. Reading many small files would take as long as reading one file with all modules.
 */
const GROUPS: readonly CodeSplittingGroup[] = [
  {
    name: 'core',
    test: /\/src\/([^/]+|base\/[^/]+|start-up\/(entry|main)|commands\/(get|signal)|backends\/sqlite\/index)\.ts$/,
  },
  { name: 'etcd', test: /\/backends\/etcd\/(index|gateway\/dial)\.ts$/ },
  { name: 'wait', test: /\/commands\/wait\.ts$/ },
  { name: 'counting', test: /\/cli\/counting-command\.ts$/ },
  { name: 'lock', test: /\/commands\/lock\.ts$/ },
  { name: 'common', minShareCount: 2 },
]

/** A module that belongs to several groups goes into the first of them. */
const inOrder = GROUPS.map((group, at) => ({ ...group, priority: GROUPS.length - at }))

/** Replaces each import of a vendored library by a require of its file. */
const vendorPlugin = (vendored: readonly string[]): Plugin => ({
  name: 'vendor',
  resolveId: {
    filter: { id: new RegExp(`^(${vendored.join('|')})$`) },
    handler: (name) => ({ id: `../vendor/${name}.cjs`, external: true }),
  },
})

const bundle = async (root: string, vendored: readonly string[]): Promise<OutputChunk[]> => {
  const streams = join(root, 'src/start-up/lazy-streams.ts')
  const build = await rolldown({
    cwd: root,
    input: { rdv: 'src/start-up/entry.ts' },
    platform: 'node',
    plugins: [vendorPlugin(vendored), lazyPlugin],
    transform: {
      target: 'node22',
      define: { 'process.env.NODE_ENV': '"production"', 'import.meta.dirname': '__dirname' },
      inject: {
        'process.stdout': [streams, 'lazyStdout'],
        'process.stderr': [streams, 'lazyStderr'],
      },
    },
  })
  const { output } = await build.generate({
    format: 'cjs',
    // import() would load Node's ESM loader, and find no named exports in a bundled library.
    dynamicImportInCjs: false,
    entryFileNames: '[name].cjs',
    chunkFileNames: '[name].cjs',
    codeSplitting: { groups: inOrder },
  })
  await build.close()
  return output.filter((file): file is OutputChunk => file.type === 'chunk')
}

/**
 * Builds the program into a folder: `rdv.cjs`, and the files that it loads when they are needed. They have the form
 * that the loader expects.
 * @returns the source files of which at least a part is in the program.
 */
export const buildProgram = async (
  root: string,
  folder: string,
  vendored: readonly string[],
): Promise<string[]> => {
  const chunks = await bundle(root, vendored)
  await mkdir(folder, { recursive: true })
  for (const { fileName, code, isEntry } of chunks) {
    const text = await minify(isEntry ? exportAtOnce(code) : code)
    await writeFile(join(folder, fileName), wrap(text))
  }
  return chunks.flatMap(({ moduleIds }) => moduleIds)
}

/** Minifies to ASCII, which V8 reads fastest. */
const minify = async (code: string): Promise<string> => {
  const options = { minify: true, target: 'node22', platform: 'node', charset: 'ascii' } as const
  return (await transform(code, options)).code
}
