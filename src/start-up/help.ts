import type { Interfaces } from '@oclif/core'
import { run } from '@oclif/core/run'
import packageJson from '../../package.json' with { type: 'json' }
import { rootPlugin } from './plugin.ts'
import { rootHelp } from './root-help.ts'

/** oclif's own traces are of no use to our users, and loading what prints them takes time. */
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
  // The theme would be looked for on disk.
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
