import type { ConversationKind } from '@sotto/protocol'
import { ref } from 'vue'

/** Which kind of conversation the list shows; it stays while one goes from one to the next. */
export const kind = ref<ConversationKind | 'all'>('all')
