import { createFakeClient } from './fake-client.ts'

/** Takes the place of the real one in the mode `fake`: `?fake=SCENARIO` chooses what is found (`signed-out`, `setup`, `empty`, …); `window.fake` lets a look at the screens move the world. */
export function createBrowserClient(): ReturnType<typeof createFakeClient> {
  const asked = new URLSearchParams(location.search).get('fake')
  if (asked !== null) sessionStorage.setItem('sotto.fake', asked)
  const client = createFakeClient(asked ?? sessionStorage.getItem('sotto.fake') ?? '')
  Object.assign(window, { fake: client.drive })
  return client
}
