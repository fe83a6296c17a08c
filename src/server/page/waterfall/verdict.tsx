import { visible } from '../model/text.ts'
import { durationText } from '../model/times.ts'
import { type Holdup, holdups } from '../model/verdict.ts'
import { whoText } from '../model/who.ts'
import type { Drawing } from './model.ts'

/** In one sentence what held everybody back. */
export const Verdict = ({ drawing: { bars, now } }: { drawing: Drawing }) => {
  const [worst, ...others] = holdups(
    bars.map(({ wait }) => wait),
    now,
  )
  if (!worst) return null
  const mark = bars.find(({ wait }) => wait === worst.wait)?.mark
  const by = whoText(mark?.by)
  return (
    <p class="verdict">
      {worst.open > 0 ? 'Waiting longest: ' : 'Held back longest by '}
      <strong class="name">{visible(worst.target)}</strong>, {durationText(worst.longest)}
      {worst.waits > 1 ? `, ${worst.waits} waits` : ''}
      {by ? `, signalled by ${by}` : ''}
      {worst.open > 0 && worst.wait.reason ? `, ${visible(worst.wait.reason)}` : ''}
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
        <span class="name">{visible(target)}</span> {durationText(longest)}
      </>
    ))}
  </span>
)
