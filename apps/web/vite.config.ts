import { fileURLToPath } from 'node:url'
import tailwind from '@tailwindcss/vite'
import vue from '@vitejs/plugin-vue'
import { defineConfig, loadEnv } from 'vite'
import { serviceWorker } from './vite/service-worker-plugin.ts'

export default defineConfig(({ mode }) => ({
  plugins: [vue(), tailwind(), serviceWorker('src/service-worker.ts')],
  define: {
    __VUE_OPTIONS_API__: 'false',
    __VUE_PROD_DEVTOOLS__: 'false',
    __INTLIFY_PROD_DEVTOOLS__: 'false',
  },
  // In the mode `fake` a school in memory stands for the server: to look at screens without one. No other build contains it.
  resolve: {
    alias:
      mode === 'fake'
        ? { '@sotto/client/browser': fileURLToPath(new URL('src/testing/start-fake.ts', import.meta.url)) }
        : {},
  },
  build: {
    target: 'es2022',
    // light-dark() and logical properties are written as they are: lower targets would double every colour.
    cssTarget: ['chrome123', 'firefox128', 'safari17.5'],
    outDir: mode === 'fake' ? '../../test-results/web-fake' : 'dist',
    emptyOutDir: true,
    modulePreload: { polyfill: false },
    // An asset in a data: address would need a hole in the content security policy.
    assetsInlineLimit: 0,
    rolldownOptions: {
      output: {
        codeSplitting: {
          // Few requests before the first screen: the framework is one file, and small shared parts are another.
          groups: [
            { name: 'vue', test: /node_modules[\\/](vue|@vue|vue-router|vue-i18n|@intlify)[\\/]/ },
            { name: 'shared', test: /src[\\/](ui[\\/](?!Modal)|data|words)|@lucide/, minShareCount: 3 },
          ],
        },
      },
    },
  },
  worker: { format: 'es' as const },
  server: {
    proxy: { '/api': { target: loadEnv(mode, '.', 'SOTTO_').SOTTO_URL || 'http://127.0.0.1:8080', ws: true } },
  },
}))
