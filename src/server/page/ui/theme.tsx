import { useEffect, useState } from 'preact/hooks'
import { Choice } from './choice.tsx'

const KEY = 'rendezvous-theme'

const THEMES = ['system', 'light', 'dark'] as const

type Theme = (typeof THEMES)[number]

const stored = (): Theme => THEMES.find((theme) => theme === localStorage.getItem(KEY)) ?? 'system'

/** Switches between the light theme, the dark theme and the theme of the system. */
export const ThemeSwitch = () => {
  const [theme, setTheme] = useState(stored)
  useEffect(() => {
    localStorage.setItem(KEY, theme)
    document.documentElement.dataset.theme = theme
  }, [theme])
  return <Choice label="Theme" name="theme" options={THEMES} chosen={theme} choose={setTheme} />
}
