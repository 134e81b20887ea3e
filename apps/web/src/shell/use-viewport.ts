/**
 * Some phones lay the keyboard over the page instead of making it smaller; the visual viewport says how much is left. While somebody
 * zooms in with two fingers the page keeps its size.
 */
export function followViewport(): void {
  const viewport = window.visualViewport
  if (!viewport) return
  const root = document.documentElement
  function measure(): void {
    if (!viewport || viewport.scale > 1.01) return
    const covered = innerHeight - viewport.height > 80
    if (covered) root.style.setProperty('--screenful', `${viewport.height}px`)
    else root.style.removeProperty('--screenful')
    if (covered && viewport.offsetTop > 0) scrollTo(0, 0)
  }
  viewport.addEventListener('resize', measure)
  viewport.addEventListener('scroll', measure)
}
