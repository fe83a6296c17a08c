import { UsageError } from '../base/errors.ts'
import { describeFailure } from '../base/reason.ts'
import { nameFirst, refuseMangled, splitAtCommand } from '../cli/argv.ts'
import { exit } from '../cli/exit.ts'
import { EXIT_CODES } from '../cli/exit-codes.ts'
import { report } from '../cli/failure/report.ts'
import { takesValue } from '../cli/flags/global-flags.ts'
import { isBrokenPipe } from '../cli/interrupts.ts'
import { guessStyle, invocation } from '../cli/invocation.ts'
import { note } from '../cli/output/print.ts'
import { COMMANDS } from '../commands/index.ts'
import { loadCommand } from './load-command.ts'

/** Runs the program. `root` is the package's folder. */
export const main = async (argv: readonly string[], root: string): Promise<void> => {
  const { own, command } = splitAtCommand(argv)
  invocation.command = command
  invocation.style = guessStyle(own, process.env)
  process.on('uncaughtException', endWith)
  process.stdout.on('error', endWithoutOutput)
  // The exit code is set even if stderr is closed.
  process.stderr.on('error', () => {})
  try {
    refuseMangled(argv)
    await refuseMangledSettings(process.env)
    if (command) await checkSurroundings(command)
    await dispatch(own, root)
  } catch (error) {
    report(error)
  }
  await exit()
}

/**
 * Refuses variables of `rdv` that are not UTF-8, as `refuseMangled` refuses such arguments.
 * @throws UsageError naming the first of them.
 */
const refuseMangledSettings = async (env: NodeJS.ProcessEnv): Promise<void> => {
  const names = Object.keys(env).filter((name) => name.startsWith('RDV_'))
  if (!names.some((name) => env[name]?.includes('\ufffd'))) return
  const { inexactName } = await import('../child/exact-environment.ts')
  const name = inexactName('RDV_')
  if (name) throw new UsageError(`the environment variable ${name} is not UTF-8: write it in UTF-8`)
}

/** Checks descriptors and sockets that COMMAND would not inherit. */
const checkSurroundings = async (command: readonly string[]): Promise<void> => {
  const { refuseDescriptors, socketsHint } = await import('../cli/descriptors.ts')
  refuseDescriptors(command)
  const hint = socketsHint(process.env)
  if (hint) note(hint)
}

const dispatch = async (own: readonly string[], root: string): Promise<void> => {
  const ids = [...COMMANDS.keys()]
  const words = plainWords(nameFirst(own, ids, takesValue))
  if (words[0] === '--version' || words.includes('--help') || words.includes('-h')) {
    if (isWord(words[0]) && !isTopic(words[0], ids)) await nameOf(words, ids)
    const { showHelp } = await import('./help.ts')
    return showHelp(words, root)
  }
  const id = await nameOf(words, ids)
  const command = await loadCommand(id)
  await command.run(words.slice(id.split(':').length))
}

/** Ends the process: after an unexpected error its state is unknown. */
const endWith = (error: unknown): never => {
  report(error)
  process.exit()
}

/** Ends the process if stdout cannot be written. A command itself handles a closed pipe. */
const endWithoutOutput = (error: NodeJS.ErrnoException): void => {
  if (isBrokenPipe(error)) return
  process.stderr.write(`rdv: the output cannot be written: ${describeFailure(error)}
`)
  process.exit(EXIT_CODES.internal.code)
}

/** `help lock` is `lock --help`, and `version` is `--version`. */
const plainWords = (words: string[]): string[] => {
  const [first, ...others] = words
  if (first === 'help') return [...others, '--help']
  return first === 'version' ? ['--version', ...others] : words
}

const isWord = (word: string | undefined): word is string =>
  word !== undefined && !word.startsWith('-')

const isTopic = (name: string, ids: readonly string[]): boolean =>
  ids.some((id) => id.startsWith(`${name}:`))

/** The id of the command that the words begin with. */
const nameOf = async (words: readonly string[], ids: readonly string[]): Promise<string> => {
  const [name, verb = ''] = words
  if (!isWord(name)) throw new UsageError('no command was given; see rdv help')
  if (ids.includes(name)) return name
  if (ids.includes(`${name}:${verb}`)) return `${name}:${verb}`
  const verbs = ids.filter((id) => id.startsWith(`${name}:`)).map((id) => id.split(':')[1])
  if (verbs.length > 0) {
    throw new UsageError(`rdv ${name} needs one of ${verbs.join(', ')}; see rdv ${name} --help`)
  }
  const { unknownCommand } = await import('../cli/failure/unknown-command.ts')
  throw unknownCommand(name, words, ids)
}
