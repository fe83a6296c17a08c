import { execa } from 'execa'

/**
 * What is typed most often: one group after the other, in each of which some rows run beside each other. Of two that want a
 * lock one waits, and leaves behind what comes after a wait, too.
 */
const GROUPS = [
  [['signal key', 'get key', 'list', 'counter inc key', 'once key -- true']],
  [['wait late'], ['lock key -- sleep 0.5', 'signal late'], ['lock key -- sleep 0.5']],
  [['clear key late --all']],
]

interface Options {
  /** Names the store on which they run. */
  readonly env: NodeJS.ProcessEnv
  readonly signal: AbortSignal
}

/**
 * Runs the commonest commands once, each as a process of its own: one that ends well leaves behind what V8 compiled for it.
 * Resolves to the exit code of one that fails, which has said why, or to 0.
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
  // With --json a failure is told there.
  if (exitCode !== 0 && !signal.aborted) process.stdout.write(stdout)
  return exitCode
}
