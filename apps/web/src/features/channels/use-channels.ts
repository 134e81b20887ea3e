import type { Channel, ErrorCode } from '@sotto/protocol'
import { onScopeDispose, ref, shallowRef, watch } from 'vue'
import { useClient } from '#data/client.ts'
import { codeOf } from '#data/use-task.ts'

const pageSize = 100
const pauseMs = 120

/** The channels in whose name or topic the words occur, a page at a time. The last answer stays while the next one comes. */
export function useChannels(find = ref(''), mayBrowse = true) {
  const client = useClient()
  const channels = shallowRef<readonly Channel[] | null>(null)
  const next = ref<string | null>(null)
  const failed = ref<ErrorCode | null>(null)
  let asked = 0
  let timer: ReturnType<typeof setTimeout> | undefined

  async function load(after: string | null): Promise<void> {
    if (!mayBrowse) return
    const mine = ++asked
    try {
      const page = await client.call('channels.list', {
        find: find.value.trim(),
        limit: pageSize,
        ...(after ? { after } : {}),
      })
      if (mine !== asked) return
      channels.value = after ? [...(channels.value ?? []), ...page.channels] : page.channels
      next.value = page.next
      failed.value = null
    } catch (error) {
      if (mine === asked) failed.value = codeOf(error)
    }
  }

  watch(find, () => {
    clearTimeout(timer)
    timer = setTimeout(() => void load(null), pauseMs)
  })
  onScopeDispose(() => {
    clearTimeout(timer)
    asked++
  })
  void load(null)
  return { find, channels, next, failed, more: () => load(next.value), again: () => load(null) }
}
