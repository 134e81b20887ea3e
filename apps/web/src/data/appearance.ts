import type { Settings } from '@sotto/protocol'

const key = 'sotto.appearance'

/** Shows the chosen theme and density, and keeps them for the script that runs before the next first paint. */
export function applyAppearance(settings: Pick<Settings, 'theme' | 'density'>): void {
  const root = document.documentElement
  const moreContrast = matchMedia('(prefers-contrast: more)').matches
  const theme = settings.theme === 'system' ? (moreContrast ? 'contrast' : null) : settings.theme
  if (theme) root.dataset.theme = theme
  else delete root.dataset.theme
  root.dataset.density = settings.density
  try {
    localStorage.setItem(key, JSON.stringify({ theme: settings.theme, density: settings.density }))
  } catch {
    // A browser that stores nothing shows the theme of the system first.
  }
  const ground = getComputedStyle(root).getPropertyValue('background-color')
  document.querySelector('meta[name="theme-color"]')?.setAttribute('content', ground)
}
