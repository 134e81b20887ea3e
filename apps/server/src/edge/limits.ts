/** Lets a key spend `perMinute` on average and a sixth of that at once. Buckets that are full again are forgotten. */
export function rateLimit(perMinute: number, now: () => number = Date.now) {
  const burst = Math.max(1, perMinute / 6)
  const perMs = perMinute / 60_000
  const buckets = new Map<string, { left: number; at: number }>()
  let sweepAt = now() + 60_000

  return {
    /** Zero when the request may go on; otherwise milliseconds until one may. */
    take(key: string, cost = 1): number {
      const at = now()
      if (at > sweepAt) sweep(at)
      const bucket = buckets.get(key)
      const left = bucket ? Math.min(burst, bucket.left + (at - bucket.at) * perMs) : burst
      if (left < cost) {
        buckets.set(key, { left, at })
        return Math.ceil((cost - left) / perMs)
      }
      buckets.set(key, { left: left - cost, at })
      return 0
    },
  }

  function sweep(at: number) {
    sweepAt = at + 60_000
    for (const [key, bucket] of buckets) if (bucket.left + (at - bucket.at) * perMs >= burst) buckets.delete(key)
  }
}
