import type { Client } from '@sotto/client'
import type { Bulk, BulkAudience, CircleId, Person, RoleId } from '@sotto/protocol'
import { computed, ref, shallowRef } from 'vue'
import { newClientId } from '#data/client-id.ts'
import { codeOf } from '#data/use-task.ts'

/** A message to many while it is written, and the one id under which it is sent however often that is tried. */
export function useBulkDraft(client: Pick<Client, 'call'>) {
  const people = shallowRef<readonly Person[]>([])
  const circles = ref<CircleId[]>([])
  const roles = ref<RoleId[]>([])
  const text = ref('')
  /** An answer was lost: it may be on its way, so it must not become another message. */
  const uncertain = ref(false)
  const clientId = newClientId()
  const to = computed<BulkAudience>(() => ({
    people: people.value.map(({ id }) => id),
    circles: [...circles.value],
    roles: [...roles.value],
  }))
  const isReady = computed(
    () => text.value.trim() !== '' && people.value.length + circles.value.length + roles.value.length > 0,
  )

  async function send(): Promise<Bulk> {
    try {
      return await client.call('bulk.send', { clientId, to: to.value, text: text.value })
    } catch (error) {
      const code = codeOf(error)
      uncertain.value = uncertain.value || code === 'unavailable' || code === 'internal'
      throw error
    }
  }
  return { people, circles, roles, text, to, isReady, uncertain, send }
}
