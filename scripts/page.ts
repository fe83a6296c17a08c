import { join } from 'node:path'
import { build, type Rolldown } from 'vite'

/**
 * Builds the server's page: `index.html`, and the files below `/_page/`, which have the hash of their contents in their
 * names. No file is inlined, because the content security policy of the page forbids inline scripts and styles.
 * @returns the source files of which at least a part is in the page.
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
