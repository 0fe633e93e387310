/** Light or dark: as the reader's system has it, unless the reader chose otherwise here. */
import { cell } from '../parts/cell.ts'

const themes = ['system', 'light', 'dark'] as const
export type Theme = (typeof themes)[number]

const place = 'causeway-theme'
const stored = localStorage.getItem(place)
export const theme = cell<Theme>(themes.find((each) => each === stored) ?? 'system')

export function applyTheme(): void {
  const chosen = theme.get()
  document.documentElement.style.colorScheme = chosen === 'system' ? 'light dark' : chosen
}

/** Takes the next theme in turn. */
export function turnTheme(): void {
  theme.set(themes[(themes.indexOf(theme.get()) + 1) % themes.length]!)
  localStorage.setItem(place, theme.get())
  applyTheme()
}
