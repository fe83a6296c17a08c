import type { Traits } from '../backends/backend.ts'
import { describeTraits, TRAIT_NAMES } from '../backends/describe-traits.ts'
import { CoordinationError, UnavailableError, UsageError } from '../base/errors.ts'
import { outageSurvived } from '../recipes/core/lease-time.ts'
import type { Namespace } from '../recipes/core/namespace.ts'
import type { Examination } from '../recipes/examine.ts'
import { exitCodeOf } from './failure/report.ts'
import { invocation } from './invocation.ts'
import { formatTable, note, printResult } from './output/print.ts'

/** The text for each verdict. With `--json`, the verdict itself is printed. */
const VERDICTS = {
  fine: 'works',
  warnings: 'works, with warnings',
  unusable: 'the store does not work',
} as const

/** Prints the result of an examination, and sets the exit code. */
export const printExamination = async (
  { backend }: Namespace,
  { version, milliseconds, warnings }: Examination,
) => {
  const { traits, address } = backend
  const verdict = warnings.length > 0 ? 'warnings' : 'fine'
  if (verdict === 'warnings') process.exitCode = exitCodeOf('no')
  if (invocation.style.json) {
    const ok = verdict === 'fine'
    const outage = outageOf(traits)
    const facts = { verdict, address, version, milliseconds, traits, outage, warnings }
    return printResult(undefined, { ok, ...facts })
  }
  await printFacts([
    ['verdict', VERDICTS[verdict]],
    ['address', address],
    ['version', version],
    ['read latency', `${milliseconds.toFixed(2)} ms`],
    ...describeTraits(traits).map((value, i) => [TRAIT_NAMES[i] ?? '', value] as const),
    ...outageFact(traits),
  ])
  for (const warning of warnings) note(`warning: ${warning}`)
}

/**
 * The longest outage that a session with the default TTL survives, in milliseconds. `undefined` for a file, which has
 * no outages.
 */
const outageOf = ({ reach, defaultTtl }: Traits): number | undefined =>
  reach === 'network' ? outageSurvived(defaultTtl, { reach }) : undefined

const outageFact = (traits: Traits) => {
  const outage = outageOf(traits)
  if (outage === undefined) return []
  return [['outage survived with the default TTL', `${Math.floor(outage / 100) / 10} s`] as const]
}

const printFacts = async (facts: readonly (readonly [string, string])[]): Promise<void> => {
  for (const line of formatTable(['PROPERTY', 'VALUE'], facts)) await printResult(line, {})
}

/** Converts each failure of the store to one kind of error. Returns any other error unchanged. */
export const unusable = (error: unknown): unknown => {
  if (!(error instanceof CoordinationError) || error instanceof UsageError) return error
  const facts = { verdict: 'unusable' }
  return new UnavailableError(`${VERDICTS.unusable}: ${error.message}`, { cause: error, facts })
}
