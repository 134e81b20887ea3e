import type { Channel } from '@sotto/protocol'

/** Channels under their headings by name; those without one come first. */
export function byCategory(channels: readonly Channel[]): { category: string; channels: Channel[] }[] {
  const found = new Map<string, Channel[]>()
  for (const channel of channels) {
    const { category } = channel.details
    found.set(category, [...(found.get(category) ?? []), channel])
  }
  return [...found]
    .map(([category, list]) => ({ category, channels: list }))
    .sort((a, b) => (a.category === '' ? -1 : b.category === '' ? 1 : a.category.localeCompare(b.category)))
}
