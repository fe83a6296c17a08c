import type { ComponentChildren } from 'preact'
import { useId, useState } from 'preact/hooks'
import { useNarrow } from './use-narrow.ts'

interface PanelProps {
  readonly title: string
  readonly count?: number
  /** Whether the panel can be closed. It is closed at first if there is room for one column only. */
  readonly minor?: boolean
  readonly children: ComponentChildren
}

export const Panel = ({ title, count, minor = false, children }: PanelProps) => {
  const id = useId()
  const narrow = useNarrow()
  const [chosen, setChosen] = useState<boolean>()
  const open = !minor || (chosen ?? !narrow)
  return (
    <section class={open ? 'panel' : 'panel closed'} aria-labelledby={id}>
      <header>
        <h2>
          {minor ? (
            <button
              type="button"
              class="opener"
              id={id}
              aria-expanded={open}
              onClick={() => setChosen(!open)}
            >
              {title}
            </button>
          ) : (
            <span id={id}>{title}</span>
          )}
        </h2>
        {count === undefined ? null : <span class="count">{count.toLocaleString('en')}</span>}
      </header>
      {open ? children : null}
    </section>
  )
}
