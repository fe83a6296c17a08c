import { visible } from '../model/text.ts'
import { Visible } from '../ui/visible.tsx'

/** Words that mean that something has come about, or that it has not. */
const GOOD = /^(ready|holds|leads|done|available|runs|sends)$/
const BAD = /^(failed|error)$/
const OFF = /^(cleared|waits|campaigns|receives)$/

/** A state as a small label. */
export const State = ({ state }: { state: string }) => {
  const tone = GOOD.test(state) ? 'good' : BAD.test(state) ? 'bad' : OFF.test(state) ? 'off' : ''
  return (
    <span class={`state ${tone}`} title={visible(state)}>
      <Visible text={state} />
    </span>
  )
}
