import { useState } from 'preact/hooks'

/** Which rows are opened, and what opens or closes one. */
export const useOpened = (): [ReadonlySet<string>, (id: string, open: boolean) => void] => {
  const [opened, setOpened] = useState<ReadonlySet<string>>(new Set())
  const setOpen = (id: string, open: boolean) => {
    const others = [...opened].filter((one) => one !== id)
    setOpened(new Set(open ? [...others, id] : others))
  }
  return [opened, setOpen]
}
