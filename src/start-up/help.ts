import type { Interfaces } from '@oclif/core'
import { run } from '@oclif/core/run'
import packageJson from '../../package.json' with { type: 'json' }
import { rootPlugin } from './plugin.ts'
import { rootHelp } from './root-help.ts'

/** Replaces oclif's logger: users need no traces of oclif, and loading its logger takes time. */
const silent: Interfaces.Logger = {
  child: () => silent,
  debug: () => {},
  error: () => {},
  info: () => {},
  namespace: 'oclif',
  trace: () => {},
  warn: () => {},
}

/** Shows the help that the words ask for, or the version. `root` is the package's folder. */
export const showHelp = async (words: string[], root: string): Promise<void> => {
  const [first = ''] = words
  if (first.startsWith('-') && first !== '--version') {
    process.stdout.write(rootHelp(root))
    return
  }
  // oclif would search the disk for a theme.
  process.env.RDV_DISABLE_THEME = '1'
  const plugin = rootPlugin(root, packageJson as unknown as Interfaces.PJSON)
  await run(words, {
    root,
    pjson: plugin.pjson,
    plugins: new Map([[plugin.name, plugin]]),
    devPlugins: false,
    userPlugins: false,
    logger: silent,
  })
}
