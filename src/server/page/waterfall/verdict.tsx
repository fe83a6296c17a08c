import { visible } from '../model/text.ts'
import { durationText } from '../model/times.ts'
import { type Holdup, holdups } from '../model/verdict.ts'
import { whoText } from '../model/who.ts'
import type { Drawing } from './model.ts'

/** What is worth saying of how the longest wait ended. */
const ENDS = {
  released: '',
  timeout: ', timed out',
  failed: ', failed',
  gone: ', went away',
} as const

/** In one sentence what held everybody back. */
export const Verdict = ({ drawing: { bars, now } }: { drawing: Drawing }) => {
  const [worst, ...others] = holdups(
    bars.map(({ wait }) => wait),
    now,
  )
  if (!worst) return null
  const mark = bars.find(({ wait }) => wait === worst.wait)?.mark
  const by = whoText(mark?.by)
  const open = worst.wait.until === undefined
  return (
    <p class="verdict">
      {open ? 'Waiting longest: ' : 'Held back longest by '}
      <strong class="name">{visible(worst.target)}</strong>, {durationText(worst.longest)}
      {ENDS[worst.wait.outcome ?? 'released']}
      {worst.waits > 1 ? `, ${worst.waits} waits` : ''}
      {by ? `, signalled by ${by}` : ''}
      {open && worst.wait.reason ? `, ${visible(worst.wait.reason)}` : ''}
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
