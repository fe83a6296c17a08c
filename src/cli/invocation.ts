import { type ExitCodeOverrides, parseExitCodes } from './exit-codes.ts'

/** How results and failures are printed. */
export interface Style {
  readonly json: boolean
  readonly quiet: boolean
  readonly verbose: boolean
  readonly exitCodes: ExitCodeOverrides
}

/** The run of the program. There is one per process. */
export interface Invocation {
  /** COMMAND, as the user typed it. `undefined` if there is no `--`. */
  command: readonly string[] | undefined
  style: Style
}

/** The style as far as it is known before the flags are parsed. A failure of the parser is printed in this style. */
export const guessStyle = (own: readonly string[], env: NodeJS.ProcessEnv): Style => ({
  json: own.includes('--json') || isTrue(env.RDV_JSON),
  quiet: own.includes('--quiet') || isTrue(env.RDV_QUIET),
  verbose: own.includes('--verbose') || isTrue(env.RDV_VERBOSE),
  exitCodes: guessExitCodes(own, env),
})

const guessExitCodes = (own: readonly string[], env: NodeJS.ProcessEnv): ExitCodeOverrides => {
  const inline = own.find((word) => word.startsWith('--exit-codes='))?.slice('--exit-codes='.length)
  const at = own.indexOf('--exit-codes')
  const text = inline ?? (at === -1 ? env.RDV_EXIT_CODES : own[at + 1])
  try {
    return text ? parseExitCodes(text) : {}
  } catch {
    return {}
  }
}

const isTrue = (text: string | undefined): boolean =>
  text !== undefined && /^(1|true|yes|y)$/i.test(text)

export const invocation: Invocation = {
  command: undefined,
  style: { json: false, quiet: false, verbose: false, exitCodes: {} },
}
