import { execa } from 'execa'

/**
 * The most common commands. Groups run one after the other, and the rows of a group at the same time. One of the two rows with
 * a lock waits, so that its cache contains the code that follows a wait.
 */
const GROUPS = [
  [['signal key', 'get key', 'list', 'counter inc key', 'once key -- true']],
  [['wait late'], ['lock key -- sleep 0.5', 'signal late'], ['lock key -- sleep 0.5']],
  [['clear key late --all']],
]

interface Options {
  /** Names the store. */
  readonly env: NodeJS.ProcessEnv
  readonly signal: AbortSignal
}

/**
 * Runs the most common commands once, each in its own process, which writes its cache file when it succeeds. Resolves to 0, or
 * to the exit code of a command that failed and has printed its error.
 */
export const precompile = async (options: Options): Promise<number> => {
  for (const rows of GROUPS) {
    const codes = await Promise.all(rows.map((row) => runInTurn(row, options)))
    options.signal.throwIfAborted()
    const failed = codes.find((code) => code !== 0)
    if (failed !== undefined) return failed
  }
  return 0
}

const runInTurn = async (row: readonly string[], options: Options): Promise<number> => {
  for (const words of row) {
    const code = await run(words.split(' '), options)
    if (code !== 0) return code
  }
  return 0
}

const run = async (words: readonly string[], { env, signal }: Options): Promise<number> => {
  const [, program = ''] = process.argv
  const { exitCode = 1, stdout } = await execa(process.execPath, [program, ...words], {
    env,
    cancelSignal: signal,
    reject: false,
    stdin: 'ignore',
    stderr: 'inherit',
    stripFinalNewline: false,
  })
  // With --json, a failed command prints its error on stdout.
  if (exitCode !== 0 && !signal.aborted) process.stdout.write(stdout)
  return exitCode
}
