import { createBrowserClient } from '@sotto/client/browser'
import { createApp } from 'vue'
import { provideClient } from '#data/client.ts'
import { provideMe } from '#data/me.ts'
import { i18n, useLanguage } from '#words/t.ts'
import '#ui/main.css'
import AppRoot from './shell/AppRoot.vue'
import { makeRouter } from './shell/router.ts'
import { keepShell } from './shell/service-worker-client.ts'
import { followViewport } from './shell/use-viewport.ts'

const client = createBrowserClient({ url: location.origin })
const started = client.resume().then((found) => {
  me.value ??= found
})
// Who needs it looks at it again; until then a refusal is not an accident.
started.catch(() => {})
const app = createApp(AppRoot, { started })
provideClient(app, client)
const me = provideMe(app, client)
await useLanguage('')
app.use(i18n)
app.use(makeRouter(started, () => me.value))
app.mount('#app')
followViewport()
if (import.meta.env.PROD) void keepShell()
