import type { ConversationId, ErrorCode, Member } from '@sotto/protocol'
import { onScopeDispose, ref, shallowRef, watch } from 'vue'
import { useClient } from '#data/client.ts'
import { codeOf } from '#data/use-task.ts'

const pageSize = 50
const pauseMs = 120

/** The members by name, a window at a time; asked for again when `changed` does. */
export function useMembers(conversation: () => ConversationId, changed: () => unknown) {
  const client = useClient()
  const prefix = ref('')
  const members = shallowRef<readonly Member[] | null>(null)
  const next = ref<string | null>(null)
  const failed = ref<ErrorCode | null>(null)
  let asked = 0
  let timer: ReturnType<typeof setTimeout> | undefined

  async function load(after: string | null): Promise<void> {
    const mine = ++asked
    try {
      const page = await client.call('members.list', {
        conversation: conversation(),
        prefix: prefix.value.trim(),
        limit: pageSize,
        ...(after ? { after } : {}),
      })
      if (mine !== asked) return
      members.value = after ? [...(members.value ?? []), ...page.members] : page.members
      next.value = page.next
      failed.value = null
    } catch (error) {
      if (mine === asked) failed.value = codeOf(error)
    }
  }

  watch([prefix, changed], () => {
    clearTimeout(timer)
    timer = setTimeout(() => void load(null), pauseMs)
  })
  onScopeDispose(() => {
    clearTimeout(timer)
    asked++
  })
  void load(null)
  return { prefix, members, next, failed, more: () => load(next.value), again: () => load(null) }
}
