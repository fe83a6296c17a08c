import type * as Interfaces from '@oclif/core/interfaces'
import { UsageError, VariableError } from '../../base/errors.ts'

type Flags = Interfaces.FlagInput

interface Token {
  readonly type: string
  readonly flag?: string
}

/** Names the setting that gave a flag its value: `--timeout`, or the variable `RDV_TIMEOUT`. */
export type SettingName = (flag: string) => string

/** Names the settings of one command line. `raw` are the parser's tokens for it. */
export const settingNames =
  (raw: readonly Token[], flags: Flags): SettingName =>
  (flag) => {
    const isTyped = raw.some((token) => token.flag === flag)
    const variable = flags[flag]?.env
    return variable && process.env[variable] && !isTyped ? variable : `--${flag}`
  }

/**
 * Refuses a word such as `--json=yes`: the parser would take the value for an argument.
 * @throws UsageError a boolean flag has a value.
 */
export const refuseValues = (argv: readonly string[], flags: Flags): void => {
  for (const word of argv) {
    if (!word.includes('=')) continue
    const [, name = ''] = /^--([\w-]+)=/.exec(word) ?? []
    if (flags[name]?.type === 'boolean')
      throw new UsageError(`--${name} takes no value: write --${name}`)
  }
}

/**
 * Adds the variable's name to an error about a setting from the environment, because the command line does not show it.
 * Returns any other error unchanged.
 */
export const blame = (error: unknown, name: string): unknown =>
  error instanceof UsageError && !(error instanceof VariableError) && !name.startsWith('--')
    ? new UsageError(`${name}: ${error.message}`, { cause: error })
    : error
