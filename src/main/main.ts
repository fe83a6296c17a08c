import type { Interfaces } from '@oclif/core'
import { run } from '@oclif/core/run'
import packageJson from '../../package.json' with { type: 'json' }
import { nameFirst, refuseMangled, splitAtCommand } from '../cli/argv.ts'
import { EXIT_CODES, exitCodeRows } from '../cli/exit-codes.ts'
import { report } from '../cli/failure.ts'
import { takesValue } from '../cli/flags.ts'
import { isBrokenPipe } from '../cli/interrupts.ts'
import { guessStyle, invocation } from '../cli/invocation.ts'
import { leave } from '../cli/leave.ts'
import { COMMANDS } from '../commands/index.ts'
import { UsageError } from '../errors.ts'
import { describeFailure } from '../reason.ts'
import { mostSimilar } from '../similar.ts'
import { rootPlugin } from './plugin.ts'

/** Runs the program. `root` is the package's folder. */
export const main = async (argv: readonly string[], root: string): Promise<void> => {
  const { own, command } = splitAtCommand(argv)
  invocation.command = command
  invocation.style = guessStyle(own, process.env)
  process.on('uncaughtException', endWith)
  process.stdout.on('error', endWithoutOutput)
  // Who cannot be told anything still gets the exit code.
  process.stderr.on('error', () => {})
  try {
    refuseMangled(argv)
    await dispatch(own, root)
  } catch (error) {
    report(error)
  }
  await leave()
}

const dispatch = async (own: readonly string[], root: string): Promise<void> => {
  const ids = Object.keys(COMMANDS)
  const words = nameFirst(own, ids, takesValue)
  const help = words.includes('--help') || words.includes('-h')
  const version = words[0] === '--version'
  if (!help && !version) checkName(words, ids)
  const plugin = rootPlugin(root, packageJson as unknown as Interfaces.PJSON, help)
  const plugins = new Map([[plugin.name, plugin]])
  // The theme would be looked for on disk.
  process.env.RDV_DISABLE_THEME = '1'
  await run(words, {
    root,
    pjson: plugin.pjson,
    plugins,
    devPlugins: false,
    userPlugins: false,
    logger: silent,
  })
  if (help && (words[0] ?? '').startsWith('-')) process.stdout.write(exitCodeHelp())
}

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

/** Nothing can be relied upon any more. */
const endWith = (error: unknown): never => {
  report(error)
  process.exit()
}

/** That nobody reads it any more is for the command to know. */
const endWithoutOutput = (error: NodeJS.ErrnoException): void => {
  if (isBrokenPipe(error)) return
  process.stderr.write(`rdv: the output cannot be written: ${describeFailure(error)}
`)
  process.exit(EXIT_CODES.internal.code)
}

const checkName = ([name, verb = '']: readonly string[], ids: readonly string[]): void => {
  if (name === undefined || name.startsWith('-')) {
    throw new UsageError('no command was given; see rdv --help')
  }
  if (ids.includes(name) || ids.includes(`${name}:${verb}`)) return
  const verbs = ids.filter((id) => id.startsWith(`${name}:`)).map((id) => id.split(':')[1])
  if (verbs.length > 0) {
    throw new UsageError(`rdv ${name} needs one of ${verbs.join(', ')}; see rdv ${name} --help`)
  }
  const similar = mostSimilar(name, ids)
  const hint = similar ? `did you mean ${similar}?` : 'see rdv --help'
  throw new UsageError(`there is no command ${JSON.stringify(name)}: ${hint}`)
}

const exitCodeHelp = (): string => {
  const rows = exitCodeRows().map(
    ([code, name, meaning]) => `  ${code.padEnd(9)}${name.padEnd(15)}${meaning}`,
  )
  return ['EXIT CODES', ...rows, ''].join('\n')
}
