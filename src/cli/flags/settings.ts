import type * as Interfaces from '@oclif/core/interfaces'
import { UsageError, VariableError } from '../../base/errors.ts'

type Flags = Interfaces.FlagInput

interface Token {
  readonly type: string
  readonly flag?: string
}

/** How the value of a flag was given: by `--timeout`, or by the variable `RDV_TIMEOUT`. */
export type SettingName = (flag: string) => string

/** The names of the settings of one command line, of which the parser has made these tokens. */
export const settingNames =
  (raw: readonly Token[], flags: Flags): SettingName =>
  (flag) => {
    const isTyped = raw.some((token) => token.flag === flag)
    const variable = flags[flag]?.env
    return variable && process.env[variable] && !isTyped ? variable : `--${flag}`
  }

/**
 * Refuses `--json=yes`, whose value the parser would take for an argument.
 * @throws UsageError so it is.
 */
export const refuseValues = (argv: readonly string[], flags: Flags): void => {
  for (const word of argv) {
    if (!word.includes('=')) continue
    const [, name = ''] = /^--([\w-]+)=/.exec(word) ?? []
    if (flags[name]?.type === 'boolean')
      throw new UsageError(`--${name} takes no value: write --${name}`)
  }
}

/** An error about a setting, with the name of the variable that it is from: nobody sees that in the command line. */
export const blame = (error: unknown, name: string): unknown =>
  error instanceof UsageError && !(error instanceof VariableError) && !name.startsWith('--')
    ? new UsageError(`${name}: ${error.message}`, { cause: error })
    : error
