import type { ComponentChildren } from 'preact'
import { useId } from 'preact/hooks'

interface PanelProps {
  readonly title: string
  readonly count?: number
  /** One sentence beneath the title. */
  readonly about?: string
  readonly children: ComponentChildren
}

export const Panel = ({ title, count, about, children }: PanelProps) => {
  const id = useId()
  return (
    <section class="panel" aria-labelledby={id}>
      <header>
        <h2 id={id}>{title}</h2>
        {count === undefined ? null : <span class="count">{count}</span>}
        {about === undefined ? null : <p>{about}</p>}
      </header>
      {children}
    </section>
  )
}
