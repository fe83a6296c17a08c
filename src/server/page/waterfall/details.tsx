import type { ComponentChildren } from 'preact'
import { visible } from '../model/text.ts'
import { durationText, exactText } from '../model/times.ts'
import { lengthOf } from '../model/verdict.ts'
import { whoText } from '../model/who.ts'
import { type Bar, OUTCOMES } from './bars.ts'
import { nameOf } from './marks.ts'

/** All that is known of one wait. */
export const Details = ({ bar, now }: { bar: Bar | undefined; now: number }) => {
  if (!bar) {
    return (
      <p class="details hint">
        Point at a bar, or use the arrow keys: ↑ ↓ from wait to wait, ← → along one target.
      </p>
    )
  }
  const { wait, mark, outcome } = bar
  return (
    <dl class="details">
      <Fact name="waits for">
        <span class="name">{bar.target}</span>
      </Fact>
      <Fact name="who">{fullWho(bar)}</Fact>
      <Fact name="for">{durationText(lengthOf(wait, now))}</Fact>
      <Fact name="since">{exactText(wait.since)}</Fact>
      <Fact name="outcome">
        <span class={`badge ${outcome}`}>{OUTCOMES[outcome]}</span>
      </Fact>
      {mark ? (
        <Fact name="released by">
          <span class="name">{nameOf(mark)}</span> {whoText(mark.by)} at {exactText(mark.at)}
        </Fact>
      ) : null}
      {wait.reason && outcome !== 'released' ? (
        <Fact name="short of">{visible(wait.reason)}</Fact>
      ) : null}
    </dl>
  )
}

const Fact = ({ name, children }: { name: string; children: ComponentChildren }) => (
  <div>
    <dt>{name}</dt>
    <dd>{children}</dd>
  </div>
)

const fullWho = ({ wait: { waiter }, who }: Bar): string =>
  waiter.host !== undefined && waiter.client !== undefined
    ? `${who} (${visible(waiter.client)})`
    : who || 'not known'
