import { onScopeDispose, type Ref, ref } from 'vue'

/** Whether this device has a network at all. That it has one says nothing about the server. */
export function useNetwork(): Readonly<Ref<boolean>> {
  const network = ref(navigator.onLine)
  const look = (): void => {
    network.value = navigator.onLine
  }
  addEventListener('online', look)
  addEventListener('offline', look)
  onScopeDispose(() => {
    removeEventListener('online', look)
    removeEventListener('offline', look)
  })
  return network
}
