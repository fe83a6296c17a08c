import { visible } from '../model/text.ts'
import { Visible } from '../ui/visible.tsx'

/** States that mean that something was achieved, that it failed, or that it is not achieved. */
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
