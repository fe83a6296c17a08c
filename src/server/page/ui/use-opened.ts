import { useState } from 'preact/hooks'

/** Returns the opened rows, and a function that opens or closes a row. */
export const useOpened = (): [ReadonlySet<string>, (id: string, open: boolean) => void] => {
  const [opened, setOpened] = useState<ReadonlySet<string>>(new Set())
  const setOpen = (id: string, open: boolean) => {
    const others = [...opened].filter((one) => one !== id)
    setOpened(new Set(open ? [...others, id] : others))
  }
  return [opened, setOpen]
}
