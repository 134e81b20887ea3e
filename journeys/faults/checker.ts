/** One message of the archive, read without the SDK. */
export interface Archived {
  readonly place: number
  readonly clientId: string
  readonly sender: string
  readonly text: string
}

/** What a device was told or showed. */
export interface History {
  /** Client ids in the order in which `send` resolved for this sender: from then on the message must arrive, in this order. */
  readonly promised: ReadonlyMap<string, readonly string[]>
  /** Messages that were shown as sent at some time, with the place they then had. */
  readonly acknowledged: readonly { readonly clientId: string; readonly place: number }[]
  /** What each device showed in the end, top to bottom. */
  readonly shown: ReadonlyMap<
    string,
    readonly { readonly clientId: string; readonly place: number | null; readonly text: string }[]
  >
}

/**
 * What is wrong between what people saw and what is stored; empty when nothing is.
 * Lost: promised or acknowledged, and not in the archive (or elsewhere). Doubled: twice in the archive or on a screen. Disordered: not
 * in the sender's order, or shown in another order than stored. Gap: a place without an entry, or a stored message that a screen lacks.
 */
export function check(history: History, archive: readonly Archived[], places: readonly number[]): string[] {
  const faults: string[] = []
  const byClientId = new Map<string, Archived>()
  for (const message of archive) {
    if (byClientId.has(message.clientId)) faults.push(`doubled: ${message.text} is stored twice`)
    byClientId.set(message.clientId, message)
  }
  places.forEach((place, index) => {
    if (place !== index + 1) faults.push(`gap: place ${index + 1} of the log is ${place}`)
  })
  for (const [sender, ids] of history.promised) {
    let last = 0
    for (const id of ids) {
      const stored = byClientId.get(id)
      if (!stored) faults.push(`lost: ${id} of ${sender} was promised and is not stored`)
      else if (stored.place < last)
        faults.push(`disordered: ${stored.text} of ${sender} is before what was sent earlier`)
      else last = stored.place
    }
  }
  for (const { clientId, place } of history.acknowledged) {
    const stored = byClientId.get(clientId)
    if (!stored) faults.push(`lost: ${clientId} was acknowledged and is not stored`)
    else if (stored.place !== place)
      faults.push(`disordered: ${clientId} was acknowledged at ${place} and is stored at ${stored.place}`)
  }
  for (const [device, rows] of history.shown) faults.push(...checkScreen(device, rows, archive))
  return faults
}

function checkScreen(
  device: string,
  rows: readonly { readonly clientId: string; readonly place: number | null; readonly text: string }[],
  archive: readonly Archived[],
): string[] {
  const faults: string[] = []
  const seen = new Set<string>()
  for (const row of rows) {
    if (seen.has(row.clientId)) faults.push(`doubled: ${device} shows ${row.text} twice`)
    seen.add(row.clientId)
  }
  const shown = rows.filter((row) => row.place !== null).map((row) => row.clientId)
  const stored = archive.map((message) => message.clientId)
  for (const id of stored) if (!seen.has(id)) faults.push(`gap: ${device} does not show ${id}`)
  const common = stored.filter((id) => seen.has(id))
  if (JSON.stringify(shown.filter((id) => stored.includes(id))) !== JSON.stringify(common))
    faults.push(`disordered: ${device} shows another order`)
  for (const row of rows)
    if (row.place !== null && !stored.includes(row.clientId))
      faults.push(`lost: ${device} shows ${row.text}, which is not stored`)
  return faults
}
