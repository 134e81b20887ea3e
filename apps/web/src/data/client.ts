import type { Client } from '@sotto/client'
import { type App, type InjectionKey, inject } from 'vue'

const clientKey: InjectionKey<Client> = Symbol('client')

export function provideClient(app: App, client: Client): void {
  app.provide(clientKey, client)
}

/** The SDK: it owns everything that comes from the server. */
export function useClient(): Client {
  const client = inject(clientKey)
  if (!client) throw new Error('No client was provided.')
  return client
}
