import type { Store } from '#client/core/store.ts'

/** The first store where it can be opened, else the other: some browsers let nothing be stored in private windows. */
export function createFallbackStore(preferred: Store, createOther: () => Store): Store {
  let store = preferred
  return {
    async open() {
      try {
        return await store.open()
      } catch (error) {
        if (store !== preferred) throw error
        store = createOther()
        return store.open()
      }
    },
    write: (change) => store.write(change),
    entries: (conversation, from, to) => store.entries(conversation, from, to),
    picture: (of) => store.picture(of),
    close: () => store.close(),
  }
}
