import type { Interfaces } from '@oclif/core'
import { run } from '@oclif/core/run'
import packageJson from '../../package.json' with { type: 'json' }
import { exitCodeRows } from '../cli/exit-codes.ts'
import { rootPlugin } from './plugin.ts'

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
  const [first = ''] = words
  if (first.startsWith('-') && first !== '--version') process.stdout.write(exitCodeHelp())
}

const exitCodeHelp = (): string => {
  const rows = exitCodeRows().map(
    ([code, name, meaning]) => `  ${code.padEnd(9)}${name.padEnd(15)}${meaning}`,
  )
  return ['EXIT CODES', ...rows, ''].join('\n')
}
