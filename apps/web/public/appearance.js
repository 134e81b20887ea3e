// Runs before the first paint, so that a chosen theme never flashes. The app keeps the same key up to date: src/data/appearance.ts.
;(() => {
  const root = document.documentElement
  let chosen = {}
  try {
    chosen = JSON.parse(localStorage.getItem('sotto.appearance') || '{}')
  } catch {}
  const contrast = matchMedia('(prefers-contrast: more)').matches
  const theme = !chosen.theme || chosen.theme === 'system' ? (contrast ? 'contrast' : '') : chosen.theme
  if (theme) root.dataset.theme = theme
  if (chosen.density === 'compact') root.dataset.density = 'compact'
})()
