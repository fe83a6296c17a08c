import { join } from 'node:path'
import { build, type Rolldown } from 'vite'

/**
 * Builds the server's page: `index.html`, and what it names below `/_page/`, with its contents' hash in its name. No file
 * is written into another, since the page allows itself neither scripts nor styles of its own text.
 * @returns the files of which something went into it
 */
export const buildPage = async (root: string, outDir: string): Promise<string[]> => {
  const built = await build({
    configFile: false,
    root: join(root, 'src/server/page'),
    base: '/_page/',
    logLevel: 'warn',
    oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
    build: {
      outDir,
      emptyOutDir: true,
      assetsDir: '',
      assetsInlineLimit: 0,
      modulePreload: false,
      reportCompressedSize: false,
      license: { fileName: 'LEGAL.md' },
      // light-dark()
      target: ['chrome123', 'firefox120', 'safari17.5'],
    },
  })
  const { output } = built as Rolldown.RolldownOutput
  return output.flatMap((file) => (file.type === 'chunk' ? file.moduleIds : []))
}
