import { OUTCOMES, outcomeOf } from '../model/outcome.ts'
import { visible } from '../model/text.ts'
import { durationText } from '../model/times.ts'
import { type Holdup, holdups } from '../model/verdict.ts'
import { whoText } from '../model/who.ts'
import { fitted } from './geometry.ts'
import type { Drawing } from './model.ts'

/** The most pixels of a name. The details below the chart show the name in full. */
const LONGEST = 420

/** Says in one sentence which waits took longest. */
export const Verdict = ({ drawing: { bars, now } }: { drawing: Drawing }) => {
  const [worst, ...others] = holdups(
    bars.map(({ wait }) => wait),
    now,
  )
  if (!worst) return null
  const mark = bars.find(({ wait }) => wait === worst.wait)?.mark
  const by = fitted(whoText(mark?.by), LONGEST)
  const outcome = outcomeOf(worst.wait)
  const open = outcome === 'waiting'
  return (
    <p class="verdict">
      {open ? 'Longest waiter: ' : 'Longest wait: '}
      <Target target={worst.target} main />, {durationText(worst.longest)}
      {open || outcome === 'released' ? '' : `, ${OUTCOMES[outcome]}`}
      {worst.waits > 1 ? `, ${worst.waits.toLocaleString('en')} waits` : ''}
      {by ? `, signalled by ${by}` : ''}
      {open && worst.wait.reason ? `, ${fitted(visible(worst.wait.reason), LONGEST)}` : ''}
      {others.length > 0 ? <Others others={others.slice(0, 2)} /> : null}
    </p>
  )
}

const Others = ({ others }: { others: readonly Holdup[] }) => (
  <span class="others">
    then{' '}
    {others.map(({ target, longest }, index) => (
      <>
        {index > 0 ? ' and ' : ''}
        <Target target={target} /> {durationText(longest)}
      </>
    ))}
  </span>
)

const Target = ({ target, main }: { target: string; main?: boolean }) => {
  const text = visible(target)
  const shown = fitted(text, LONGEST, true)
  const title = shown === text ? undefined : text
  return main ? (
    <strong class="name" title={title}>
      {shown}
    </strong>
  ) : (
    <span class="name" title={title}>
      {shown}
    </span>
  )
}
