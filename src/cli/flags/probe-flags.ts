import * as Flags from '@oclif/core/flags'
import { UsageError } from '../../base/errors.ts'
import { parseExpression } from '../../probes/expression.ts'
import type { ProbeOptions } from '../../probes/probe.ts'

/** The flags for http(s) probes. */
export const probeFlags = {
  'http-status': Flags.string({
    summary: 'Accepted HTTP statuses, such as 200-299,404. Default: 200-299.',
    helpGroup: 'PROBE',
    helpValue: 'RANGES',
  }),
  'http-header': Flags.string({
    summary: 'Header that HTTP probes send.',
    multiple: true,
    multipleNonGreedy: true,
    helpGroup: 'PROBE',
    helpValue: 'NAME:VALUE',
  }),
  'http-body-match': Flags.string({
    summary:
      'Regular expression (RE2 syntax) that the body of the HTTP response must match. Default: any body.',
    helpGroup: 'PROBE',
    helpValue: 'REGEX',
  }),
}

interface ProbeFlagValues {
  readonly 'http-status'?: string | undefined
  readonly 'http-header'?: readonly string[] | undefined
  readonly 'http-body-match'?: string | undefined
}

/** @throws UsageError a value is malformed. */
export const probeOptions = async (flags: ProbeFlagValues): Promise<ProbeOptions> => ({
  ...(flags['http-status'] !== undefined && { httpStatus: parseRanges(flags['http-status']) }),
  ...(flags['http-header'] && { httpHeaders: parseHeaders(flags['http-header']) }),
  ...(flags['http-body-match'] !== undefined && {
    httpBodyMatch: await checkExpression(flags['http-body-match']),
  }),
})

const parseRanges = (text: string): (readonly [number, number])[] =>
  text.split(',').map((range) => {
    const [, from, to = from] = /^([1-5]\d\d)(?:-([1-5]\d\d))?$/.exec(range) ?? []
    if (from === undefined || Number(from) > Number(to)) {
      throw new UsageError(
        `--http-status ${JSON.stringify(range)} is not a status or range: write 200 or 200-299`,
      )
    }
    return [Number(from), Number(to)] as const
  })

const parseHeaders = (lines: readonly string[]): Record<string, string> =>
  Object.fromEntries(
    lines.map((line) => {
      const [, name, value] = /^([!#$%&'*+.^_`|~\w-]+):[ \t]*([^\r\n]*)$/.exec(line) ?? []
      if (name === undefined || value === undefined) {
        throw new UsageError('the value of --http-header is not a header: write "Name: value"')
      }
      return [name, value]
    }),
  )

const checkExpression = async (text: string): Promise<string> => {
  try {
    await parseExpression(text)
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    throw new UsageError(`--http-body-match ${error.message}`, { cause: error })
  }
  return text
}
