import type { ComponentChildren } from 'preact'
import { OUTCOMES } from '../model/outcome.ts'
import { visible } from '../model/text.ts'
import { durationText, exactText } from '../model/times.ts'
import { whoText } from '../model/who.ts'
import type { Bar } from './bar-model.ts'
import { cutOf, lengthText } from './bars.ts'
import { nameOf } from './marks.ts'
import type { Drawing } from './model.ts'

/** All that is known about one wait, or about several equal waits. */
export const Details = ({ bar, drawing }: { bar: Bar | undefined; drawing: Drawing }) => {
  if (!bar) {
    return (
      <p class="details hint">
        Point at a bar, or use the arrow keys: ↑ ↓ move between rows, ← → move along one target. A
        click, Enter or → expands a row of several waits.
      </p>
    )
  }
  const { wait, mark, outcome } = bar
  return (
    <dl class="details">
      <Fact name="waits for">
        <span class="name">{visible(wait.target)}</span>
      </Fact>
      <Fact name="who">{fullWho(bar)}</Fact>
      <Fact name="for">{lengthText(bar, drawing.now)}</Fact>
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
        <Fact name={outcome === 'gone' || outcome === 'failed' ? 'why' : 'reason'}>
          {visible(wait.reason)}
        </Fact>
      ) : null}
      <Hidden bar={bar} drawing={drawing} />
    </dl>
  )
}

/** The parts of a cut bar that lie outside the shown span. */
const Hidden = ({ bar: { wait }, drawing: { geometry, now } }: { bar: Bar; drawing: Drawing }) => {
  const { from, to } = geometry.span
  const cut = cutOf(wait, geometry.span, now)
  const parts = [
    ...(cut === 'start' || cut === 'both' ? [`the first ${durationText(from - wait.since)}`] : []),
    ...(cut === 'end' || cut === 'both'
      ? [`the last ${durationText((wait.until ?? now) - to)}`]
      : []),
  ]
  return parts.length > 0 ? <Fact name="outside of this view">{parts.join(' and ')}</Fact> : null
}

const Fact = ({ name, children }: { name: string; children: ComponentChildren }) => (
  <div>
    <dt>{name}</dt>
    <dd>{children}</dd>
  </div>
)

/** The most waiters that are named, if the row stands for several waits. */
const NAMED = 3

const fullWho = ({ wait, members }: Bar): string => {
  if (!members) return oneWho(wait)
  const names = [...new Set(members.map(oneWho))]
  const more = names.length > NAMED ? [`${names.length - NAMED} more`] : []
  return `${members.length} waits: ${[...names.slice(0, NAMED), ...more].join(', ')}`
}

const oneWho = ({ waiter }: Bar['wait']): string => {
  const who = whoText(waiter)
  return waiter.host !== undefined && waiter.client !== undefined
    ? `${who} (${visible(waiter.client)})`
    : who || 'not known'
}
