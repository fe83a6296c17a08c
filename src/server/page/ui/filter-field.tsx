import { useEffect, useRef } from 'preact/hooks'

interface FilterFieldProps {
  readonly text: string
  readonly setText: (text: string) => void
}

/** The field for the filter. The key `/` moves the focus to it, and Escape empties it. */
export const FilterField = ({ text, setText }: FilterFieldProps) => {
  const input = useRef<HTMLInputElement>(null)
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      const typing = event.target instanceof Element && event.target.matches('input, select')
      if (event.key !== '/' || typing || event.ctrlKey || event.metaKey) return
      event.preventDefault()
      input.current?.focus()
    }
    document.addEventListener('keydown', onKeyDown)
    return () => document.removeEventListener('keydown', onKeyDown)
  }, [])
  return (
    <input
      class="filter"
      type="search"
      ref={input}
      value={text}
      placeholder="Filter: a key, a host, a state  ( / )"
      aria-label="Filter"
      onInput={({ currentTarget }) => setText(currentTarget.value)}
      onKeyDown={({ key }) => key === 'Escape' && setText('')}
    />
  )
}
